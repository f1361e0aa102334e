"""An address that is called for each clip: what it gets, and that one that fails is a sentence."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from vidsharp.jobs.notifying import webhook
from vidsharp.jobs.notifying.webhook import Webhook, signature

from tests.jobs.notifying.test_hooks import MESSAGE, failed


class Receiver:
    """A server on loopback that gives the answers it is told, one after the other, and the last one for ever."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = [200]
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


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(webhook, "RETRY_AFTER_S", (0.0, 0.0))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_an_address_gets_the_message_and_its_signature(receiver: Receiver) -> None:
    Webhook(receiver.url, b"key", 30).tell(MESSAGE, threading.Event())
    ((path, headers, body),) = receiver.got
    assert (path, body, headers["Content-Type"]) == ("/hooks/secret", MESSAGE, "application/json")
    assert headers["X-Vidsharp-Signature"] == signature(b"key", MESSAGE)
    Webhook(receiver.url, None, 30).tell(MESSAGE, threading.Event())
    assert "X-Vidsharp-Signature" not in receiver.got[1][1]


def test_the_signature_is_that_of_a_published_vector() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature(b"Jefe", b"what do ya want for nothing?") == f"sha256={expected}"


@pytest.mark.parametrize("codes", [[500, 200], [503, 429, 204]])
def test_what_may_pass_is_tried_again_as_the_same_delivery(receiver: Receiver, codes: list[int]) -> None:
    receiver.answers = list(codes)
    Webhook(receiver.url, None, 30).tell(MESSAGE, threading.Event())
    assert len(receiver.got) == len(codes)
    assert len({headers["X-Vidsharp-Delivery"] for _, headers, _ in receiver.got}) == 1


@pytest.mark.parametrize(
    ("code", "tries", "said"),
    [
        (500, 3, "the webhook answered 500 (tried 3 times)"),
        (404, 1, "the webhook answered 404"),
        (302, 1, "the webhook answered 302"),
    ],
)
def test_what_goes_on_failing_is_a_sentence(receiver: Receiver, code: int, tries: int, said: str) -> None:
    receiver.answers = [code]
    assert failed(Webhook(receiver.url, None, 30)) == said
    assert len(receiver.got) == tries


def test_nobody_listens(receiver: Receiver) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    assert failed(Webhook(receiver.url, None, 30)) == (
        "the webhook could not be reached ([Errno 111] Connection refused) (tried 3 times)"
    )


def test_no_pause_is_longer_than_the_time_that_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "RETRY_AFTER_S", (1000.0,))
    receiver.answers = [500]
    assert failed(Webhook(receiver.url, None, 5)) == "the webhook answered 500"
