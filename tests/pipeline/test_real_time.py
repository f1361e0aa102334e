"""No encoder makes this process a real-time one."""

import io
import os
import threading
from pathlib import Path

import av
import pytest
from vidsharp.pipeline.encoder import EncoderChoice, add_encoder, resolve_encoder
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.real_time import no_real_time

from tests.support import media

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir() or not hasattr(os, "sched_setscheduler"), reason="Linux alone shows threads"
)


def policies() -> set[int]:
    return {os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()}


@pytest.mark.parametrize("encoder", ["libsvtav1", "libx264", "libx265", "libvpx-vp9"])
def test_an_encoder_leaves_priorities_alone(tmp_path: Path, encoder: str) -> None:
    """SVT-AV1 takes real-time priority where root opens it."""
    info = probe(media.call(tmp_path / "a.mp4", frames=3).path)
    with av.open(io.BytesIO(), "w", format="nut") as container:
        stream = add_encoder(container, resolve_encoder(EncoderChoice(encoder), info), info)
        assert not policies() & {os.SCHED_FIFO, os.SCHED_RR}
        frame = av.VideoFrame(info.width, info.height, info.pix_fmt)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        assert not policies() & {os.SCHED_FIFO, os.SCHED_RR}


def test_threads_that_were_made_real_time_go_back() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        with no_real_time():
            try:
                os.sched_setscheduler(thread.native_id or 0, os.SCHED_FIFO, os.sched_param(1))
            except PermissionError:
                pytest.skip("only root may make a thread real-time")
            assert os.SCHED_FIFO in policies()
        assert os.SCHED_FIFO not in policies()
    finally:
        ended.set()
        thread.join()
