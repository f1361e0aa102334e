"""An address that is called for each clip that has come to its end."""

import hashlib
import hmac
import http.client
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from threading import Event
from typing import Any

from .hook import HookError, short

RETRY_AFTER_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses between the tries."""
_WORTH_ANOTHER_TRY = (408, 425, 429)
"""Of the answers below 500."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A POST that is redirected would arrive as a GET without its message."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """An address that gets the message by POST, tried again where that may help.

    The header `X-Vidsharp-Delivery` is the same in all tries of a message. With a key, `X-Vidsharp-Signature` is
    `sha256=` and the HMAC (RFC 2104) of the body in hexadecimal digits, as GitHub's webhooks have it.
    """

    url: str
    key: bytes | None
    limit_s: float
    """Of all tries together."""

    def tell(self, message: bytes, stop: Event) -> None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vidsharp",
            "X-Vidsharp-Delivery": str(uuid.uuid4()),
        }
        if self.key is not None:
            headers["X-Vidsharp-Signature"] = signature(self.key, message)
        until, said = time.monotonic() + self.limit_s, ""
        for number, pause_s in enumerate((*RETRY_AFTER_S, None), start=1):
            try:
                self._post(message, headers, max(1.0, until - time.monotonic()))
                return
            except urllib.error.HTTPError as error:
                said = f"answered {error.code}"
                if error.code < 500 and error.code not in _WORTH_ANOTHER_TRY:
                    raise HookError(f"the webhook {said}") from error
            except (OSError, http.client.HTTPException) as error:
                said = f"could not be reached ({short(getattr(error, 'reason', None) or error)})"
            if pause_s is None or time.monotonic() + pause_s > until or stop.wait(pause_s):
                raise HookError(f"the webhook {said} (tried {number} times)" if number > 1 else f"the webhook {said}")

    def _post(self, message: bytes, headers: dict[str, str], timeout_s: float) -> None:
        request = urllib.request.Request(self.url, message, headers, method="POST")
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=timeout_s):
            pass


def signature(key: bytes, message: bytes) -> str:
    """What a message is signed with, for receivers to compare (`hmac.compare_digest`)."""
    return f"sha256={hmac.new(key, message, hashlib.sha256).hexdigest()}"
