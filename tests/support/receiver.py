"""A server that webhooks call."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest


class Receiver:
    """A server on loopback that gives the answers it is told, one after the other, and the last one for ever."""

    def __init__(self, *answers: int) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers = [*answers]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                code = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(code)
                if 300 <= code < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/secret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    """A server while it runs; it answers 200 unless told otherwise."""
    made = Receiver(*(answers or (200,)))
    yield made
    made.server.shutdown()
    made.server.server_close()


def without_proxies(patch: pytest.MonkeyPatch) -> None:
    """Has addresses on loopback called as they are."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        patch.delenv(name, raising=False)
