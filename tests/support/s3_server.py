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
    """The server. Counts the PUTs that came through, by path."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 0, verbose=False)
        self.made: Counter[str] = Counter()
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
        if request["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._moto(request, start)

        def started(status: str, *rest: Any) -> Any:
            if request["REQUEST_METHOD"] == "PUT" and status.startswith("200"):
                self.made[request["PATH_INFO"]] += 1
            return start(status, *rest)

        with self._one:
            return [*self._moto(request, started)]
