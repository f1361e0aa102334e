"""An S3 server on loopback: moto's, with one change at a time, so that PUTs on a condition are atomic.

Moto looks whether an object is there and makes it in two steps, between which another request may come. Here requests
that change anything wait for one another, as if by a lock of the server's.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import pytest

moto_server = pytest.importorskip("moto.server", reason="the tests' S3 server is moto's: pip install 'moto[server]'")


class AtomicServer(moto_server.ThreadedMotoServer):  # type: ignore[misc,name-defined]
    """The server. Counts the PUTs and the GETs that came through, by path, and fails as it is told to."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 0, verbose=False)
        self.made: Counter[str] = Counter()
        self.got: Counter[str] = Counter()
        self.busy: Counter[str] = Counter()
        """How often a path is answered by 503, by path."""
        self.damaged: Counter[str] = Counter()
        """How often what is got has another last byte, by path."""
        self.hold: Callable[[str], bool] | None = None
        """Called with the path of a PUT, before it has come: false where it never does."""
        self._one = Lock()

    def start(self) -> None:
        super().start()
        self._moto = self._server.app
        self._server.app = self._answer

    @property
    def url(self) -> str:
        host, port = self.get_host_and_port()
        return f"http://{host}:{port}"

    def environment(self) -> dict[str, str]:
        """How users say where it is, and who they are."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def _answer(self, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = request["REQUEST_METHOD"], request["PATH_INFO"]
        if self.busy[path] > 0:
            self.busy[path] -= 1
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]
        if method == "PUT" and self.hold is not None and not self.hold(path):
            start("500 Internal Server Error", [])
            return [b""]

        def started(status: str, *rest: Any) -> Any:
            if status.startswith("20") and method in ("PUT", "GET"):
                (self.made if method == "PUT" else self.got)[path] += 1
            return start(status, *rest)

        if method == "GET":
            return self._damaged(path, self._moto(request, started))
        if method == "HEAD":
            return self._moto(request, started)
        with self._one:
            return [*self._moto(request, started)]

    def _damaged(self, path: str, answer: Iterable[bytes]) -> Iterable[bytes]:
        if self.damaged[path] <= 0:
            return answer
        self.damaged[path] -= 1
        data = b"".join(answer)
        return [data[:-1] + bytes([data[-1] ^ 1])]
