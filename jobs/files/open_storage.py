"""The storage that fits a run: disks, or object storage where any of its paths is a URL.

Local runs import none of what object storage needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ...pipeline.atomic import make_folder
from ..config import ProcessConfig
from .storage import Storage, url_of


def open_storage(config: ProcessConfig) -> Storage:
    """The storage of a run's inputs and output.

    Raises:
        UsageError: the package that talks to an object storage is missing.
    """
    if _is_local(config):
        return Storage(config)
    from .object_storage import ObjectStorage

    return ObjectStorage(config)


@contextmanager
def open_to_read(config: ProcessConfig) -> Iterator[Storage]:
    """The same for who writes nothing there. What is brought here goes to a folder of its own, which is removed: a run
    may be using that of the run.

    Raises:
        UsageError: as `open_storage`.
        OutputError: the staging folder cannot be written.
    """
    if _is_local(config):
        yield Storage(config)
        return
    from .object_storage import ObjectStorage
    from .staging import staging_folder

    make_folder(staging_folder(config))
    with TemporaryDirectory(prefix="estimate-", dir=staging_folder(config), ignore_cleanup_errors=True) as own:
        storage = ObjectStorage(replace(config, staging=Path(own), scratch=None))
        try:
            yield storage
        finally:
            storage.close()


def _is_local(config: ProcessConfig) -> bool:
    return not any(map(url_of, (*config.inputs, config.out)))
