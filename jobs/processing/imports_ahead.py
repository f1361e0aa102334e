"""Imports that only the end of a run needs, made while its actors work: they take longer than all else that the driver
imports."""

from contextlib import suppress
from functools import cache
from importlib import import_module
from threading import Thread


@cache
def import_ahead(*, page: bool) -> None:
    """Begins to import what makes tables and, where it is asked for, the page; once in a process, and returns at once.

    What goes wrong is said where it is needed.
    """

    def imports() -> None:
        with suppress(Exception):
            import_module(".report_job" if page else "...reports.run.compaction", __package__)

    with suppress(RuntimeError):  # no thread
        Thread(target=imports, name="imports").start()
