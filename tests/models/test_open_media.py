"""A media file is read alone: what it says of other files or of addresses is not followed, whatever it is called."""

import socket
from pathlib import Path

import pytest
from av.error import FFmpegError
from vidsharp.models.open_media import PHOTOS, open_media
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.recording import open_recording

from tests.support import media

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:'
    '2011" type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet><Representation id="1" bandwidth="1" '
    'mimeType="video/mp4"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
CONCAT = "ffconcat version 1.0\nfile {}\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {} RTP/AVP 96\na=rtpmap:96 H264/90000\n"


@pytest.mark.parametrize("name", ["call.mp4", "call.mkv", "call.ts", "call.m3u8", "call.mpd", "call.ffconcat", "call"])
@pytest.mark.parametrize("list_of_files", [HLS, DASH, CONCAT])
@pytest.mark.parametrize("other", ["other.ts", "{folder}/other.ts", "file:{folder}/other.ts"])
def test_a_list_of_other_files_is_refused(tmp_path: Path, name: str, list_of_files: str, other: str) -> None:
    media.call(tmp_path / "other.ts", frames=5)
    path = tmp_path / name
    path.write_text(list_of_files.format(other.format(folder=tmp_path)))
    with pytest.raises(MediaError) as caught:
        open_recording(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_of_other_files_is_said_to_be_one(tmp_path: Path) -> None:
    media.call(tmp_path / "other.mp4", frames=5)
    (tmp_path / "call.mp4").write_text(CONCAT.format("other.mp4"))
    with pytest.raises(MediaError, match="list of other files or addresses"):
        open_recording(tmp_path / "call.mp4")


@pytest.mark.parametrize("list_of_files", [HLS, DASH, CONCAT])
@pytest.mark.parametrize("name", ["call.mp4", "call.m3u8", "call.mpd"])
def test_no_address_is_called(tmp_path: Path, name: str, list_of_files: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        for scheme in ("http", "tcp"):
            (tmp_path / name).write_text(list_of_files.format(f"{scheme}://127.0.0.1:{port}/other.ts"))
            with pytest.raises(FFmpegError):
                open_media(tmp_path / name)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_session_description_opens_no_port(tmp_path: Path) -> None:
    (tmp_path / "call.sdp").write_text(SDP.format(50044))
    with pytest.raises(MediaError, match="list of other files or addresses"):
        open_recording(tmp_path / "call.sdp")


@pytest.mark.parametrize(
    "name", ["http:call.mp4", "concat:a.mp4|b.mp4", "-i.mp4", "pipe:0", "a%03d.mp4", "?x=1&y#z.mp4"]
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.mp4").write_bytes(media.call(tmp_path / "call.mp4", frames=3).path.read_bytes())
    (tmp_path / "made.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with open_media(Path(name)) as container:
        assert container.format.name.startswith("mov,")


def test_a_list_of_files_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(media.jpeg((64, 64)))
    with open_media(tmp_path / "other.jpg", PHOTOS) as container:
        assert len(container.streams.video) == 1
    (tmp_path / "photo.jpg").write_text(CONCAT.format("other.jpg"))
    with pytest.raises(FFmpegError):
        open_media(tmp_path / "photo.jpg", PHOTOS)
