"""Time and memory that a driver takes to list a bucket of many recordings: a table on stdout.

    python -m benchmarks.scale.listing 10000 100000

A server on loopback makes up pages of a thousand keys, as S3 lists them, in a process of its own; a process for each
row reads them as a run does. Memory is what the process holds at most above what it held before.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from vidsharp.reports.templates.markdown import markdown_table

PAGE = 1000
OBJECT = (
    "<Contents><Key>in/team-{team:03}/{number:07}/Weekly call &amp; review.mp4</Key><Size>104857600</Size>"
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified><StorageClass>STANDARD</StorageClass>"
    "<ETag>&quot;{number:032x}&quot;</ETag></Contents>"
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("recordings", type=int, nargs="+")
    rows = []
    for count in parser.parse_args().recordings:
        with subprocess.Popen([sys.executable, "-m", __spec__.name, "--serve", str(count)], stdout=-1) as server:
            assert server.stdout is not None
            environment = {
                **os.environ, "AWS_ENDPOINT_URL": server.stdout.readline().decode().strip(),
                "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1",
            }  # fmt: skip
            told = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--list"], env=environment, check=True, capture_output=True
            )
            server.terminate()
        found = json.loads(told.stdout)
        assert found["recordings"] == count, found
        rows.append([f"{count:,}", f"{found['seconds']:.1f}", f"{found['cpu_s']:.1f}", f"{found['mib']:.0f}"])
    print(markdown_table(["recordings", "seconds", "CPU seconds", "MiB at most"], rows))


def _list() -> None:
    from vidsharp.jobs.files.find_objects import found_objects
    from vidsharp.jobs.files.object_place import Place

    Place.of("s3://calls/in").fs.isfile("calls/in")  # botocore is imported and set up
    before, began, cpu = _peak_mib(), time.monotonic(), time.process_time()
    clips, sources = [], {}
    for clip, source in found_objects("s3://calls/in", Path("/scratch/in"), None, lambda name: None):
        clips.append(clip)
        sources[clip.name] = source
    figures = {"seconds": time.monotonic() - began, "cpu_s": time.process_time() - cpu, "mib": _peak_mib() - before}
    print(json.dumps({"recordings": len(sources), **figures}))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _serve(count: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            first, most = int(asked.get("continuation-token", ["0"])[0]), int(asked.get("max-keys", ["1000"])[0])
            end = min(first + min(most, PAGE), count)
            objects = (OBJECT.format(team=number * 1000 // count, number=number) for number in range(first, end))
            more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < count else ""
            page = (
                '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>calls</Name>'
                f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{''.join(objects)}</ListBucketResult>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--list"]:
        _list()
    elif sys.argv[1:2] == ["--serve"]:
        _serve(int(sys.argv[2]))
    else:
        main()
