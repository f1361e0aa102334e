"""The hooks of a run: told of each clip that has come to its end, beside the run, before the tables get its row."""

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Any, Self

from ...models.wording import one_line
from ..files.clips import printable
from ..files.report_folder import ClipRows
from ..interrupts import raise_if_interrupted
from .hooks import Hook, HookError

log = logging.getLogger("vidsharp")

VERSION = 1
AT_ONCE = 4
"""Clips that hooks are told of at a time."""
MOST_WAITING = 1000
"""Clips whose rows wait for hooks; a run that makes more waits itself."""
POLL_S = 0.25

Add = Callable[[ClipRows], None]


class ClipHooks:
    """Hooks for the time of a `with` block. Its end waits for those that are under way, unless an error ends it: then
    they are ended, too.

    Args:
        place: where people find a result, of its name in the output folder.
    """

    def __init__(self, hooks: Sequence[Hook], place: Callable[[str], str]) -> None:
        self._hooks = hooks
        self._place = place
        self._stop = Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hook")
        self._telling: dict[Future[list[str]], tuple[ClipRows, Add]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        try:
            while kind is None and self._telling:
                raise_if_interrupted()
                self.collect(POLL_S)
        finally:
            self._stop.set()
            self._threads.shutdown(wait=True)
            self.collect()

    def end(self, rows: ClipRows, add: Add) -> None:
        """Takes the rows of a clip that has come to its end, and hands them to `add` when hooks have been told, with a
        note where one failed. Clips that were finished already are no news."""
        if not self._hooks or rows.clip["status"] == "skipped":
            add(rows)
            return
        while len(self._telling) >= MOST_WAITING:
            raise_if_interrupted()
            self.collect(POLL_S)
        self._telling[self._threads.submit(self._tell, self._message(rows))] = rows, add

    def collect(self, timeout_s: float = 0.0) -> None:
        """Hands on the rows of clips that hooks have been told of."""
        if timeout_s:
            wait(self._telling, timeout_s, FIRST_COMPLETED)
        for done in [each for each in self._telling if each.done()]:
            rows, add = self._telling.pop(done)
            if said := done.result():
                clip = rows.clip
                log.warning("%s", "; ".join(said), extra={"clip": clip["clip"]})
                note = "; ".join(printable(each) for each in (clip.get("note"), *said) if each)
                rows = replace(rows, clip={**clip, "note": note})
            add(rows)

    def _message(self, rows: ClipRows) -> bytes:
        row = rows.clip
        out = row.get("out")
        message: dict[str, Any] = {
            "version": VERSION,
            "event": "clip",
            "clip": row["clip"],
            "status": row["status"],
            "error": row.get("error"),
            "out": self._place(out) if out and row["status"] != "failed" else None,
            "row": row,
        }
        return json.dumps(message).encode()

    def _tell(self, message: bytes) -> list[str]:
        """The sentences of the hooks that failed."""
        said = []
        for hook in self._hooks:
            try:
                hook.tell(message, self._stop)
            except HookError as error:
                said.append(str(error))
            except Exception as error:  # whatever it is, it ends no run
                said.append(f"a hook failed ({one_line(error)})")
        return said
