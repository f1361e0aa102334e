"""Objects below a prefix on object storage, through fsspec, and its errors as sentences."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from os import environ
from typing import Any

from fsspec.callbacks import Callback
from fsspec.core import url_to_fs

from ...models.errors import VidsharpError
from ...models.wording import one_line
from ...pipeline.errors import MediaError, OutputError
from ...pipeline.fingerprint import digest_of
from ..config import UsageError
from ..processing.run_record import without_secrets

TRIES = 10
"""So often a worker asks S3 for each part of a transfer, where it answers that it is busy or fails: with pauses that
grow up to 20 s, for about a minute."""
PARTS = 4
"""Parts of a file (50 MB each) that are on their way at a time, and in memory."""
PAGE = 1000
"""Objects in a page of a listing: the most that S3 gives."""
_SET_BY_USERS = ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")


class StorageError(VidsharpError, OSError):
    """Object storage does not answer, or refuses."""


@dataclass(frozen=True)
class Place:
    """An object, or all objects below a prefix."""

    url: str
    """For people: without what may be secret of it."""
    fs: Any
    path: str
    """As `fs` calls it, without the scheme."""

    @classmethod
    def of(cls, url: str, *, patient: bool = False) -> "Place":
        """
        Args:
            patient: whether a storage that is busy is asked for a minute (S3, where the user says nothing else). The
                driver is not: its lease would end meanwhile.

        Raises:
            UsageError: the URL means nothing here.
        """
        try:
            fs, path = url_to_fs(url, use_listings_cache=False, **(_patience(url) if patient else {}))
        except ImportError as error:
            scheme = url.partition(":")[0]
            raise UsageError(
                f"{scheme}:// needs a package that is not installed: for s3://, pip install 'vidsharp[s3]' ({error})"
            ) from error
        except ValueError as error:
            raise UsageError(f"{url} cannot be read: {one_line(error)}") from error
        return cls(without_secrets(url.rstrip("/")), fs, path.rstrip("/"))

    def __truediv__(self, relative: str) -> "Place":
        return Place(f"{self.url}/{relative}", self.fs, f"{self.path}/{relative}")

    def __str__(self) -> str:
        """A name that only this object has, however its URL is written."""
        return str(self.fs.unstrip_protocol(self.path))

    def beginning(self, count: int) -> str:
        """The digest of its first `count` bytes.

        Raises:
            MediaError: it cannot be read.
        """
        with reading(self.url, MediaError):
            return digest_of(self.fs.cat_file(self.path, start=0, end=count))

    @property
    def is_s3(self) -> bool:
        """Whether it is on S3, which knows PUTs on condition, checksums of objects and pages of listings."""
        protocol = self.fs.protocol
        return "s3" in ((protocol,) if isinstance(protocol, str) else protocol)

    def below(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """All objects below, in order of their names: each one's relative path, and what is known of it. S3's listings
        are read page by page, so that a million objects are never in memory together."""
        with suppress(FileNotFoundError):
            if self.is_s3:
                yield from self._pages()
                return
            found = self.fs.find(self.path, detail=True)
            yield from sorted((name.removeprefix(self.path).lstrip("/"), info) for name, info in found.items())

    def _pages(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        bucket, key, _ = self.fs.split_path(self.path)
        prefix = f"{key}/" if key else ""
        asked = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": PAGE}
        while True:
            page = self.fs.call_s3("list_objects_v2", **asked)
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(prefix), {"ETag": found["ETag"], "size": found["Size"]}
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]


def _patience(url: str) -> dict[str, Any]:
    """Options of the file system of a URL."""
    if not url.startswith(("s3://", "s3a://")):
        return {}
    retries = {"retries": {"mode": "standard", "total_max_attempts": TRIES}}
    asked = any(name in environ for name in _SET_BY_USERS)
    return {"max_concurrency": PARTS, **({} if asked else {"config_kwargs": retries})}


def version(info: Mapping[str, Any]) -> str:
    """A text that tells an object from the same name's other contents: its entity tag, else its time, and its size."""
    times = ("LastModified", "last_modified", "mtime", "updated", "created")
    tag = info.get("ETag") or info.get("etag") or next((info[name] for name in times if name in info), None)
    return f"{tag} {info['size']}"


def reading(url: str, as_error: type[VidsharpError] = StorageError) -> AbstractContextManager[None]:
    """Errors of reading, each storage's own, become `as_error`, in a sentence."""
    return _in_sentences(url, "read", as_error)


def writing(url: str, as_error: type[VidsharpError] = OutputError) -> AbstractContextManager[None]:
    """Errors of writing, each storage's own, become `as_error`, in a sentence."""
    return _in_sentences(url, "written", as_error)


@contextmanager
def _in_sentences(url: str, done: str, as_error: type[VidsharpError]) -> Iterator[None]:
    try:
        yield
    except VidsharpError:
        raise
    except Exception as error:
        raise as_error(f"{url} cannot be {done}: {one_line(error)}") from error


class Ticker(Callback):
    """Calls a function for each part of a transfer; what that raises ends it."""

    def __init__(self, on_part: Callable[[], None]) -> None:
        super().__init__()
        self._on_part = on_part

    def relative_update(self, inc: int = 1) -> None:
        self._on_part()
