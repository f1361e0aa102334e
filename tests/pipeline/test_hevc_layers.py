"""Further layers of HEVC are named by their parameter sets, as far as these can be read."""

import pytest
from vidsharp.pipeline.hevc_layers import further_layers


@pytest.mark.parametrize("vps", ["4001", "40010c11", "4001" + "00" * 40, "4001fc"])
def test_a_layer_whose_kind_cannot_be_read_is_a_second_layer(vps: str) -> None:
    layer = bytes([2, 1 << 3 | 1, 0xAF])
    payload = b"\0\0\1" + bytes.fromhex(vps) + b"\0\0\1" + layer
    assert further_layers(b"", payload) == ("a second layer",)
    assert further_layers(b"", b"\0\0\1" + bytes.fromhex(vps)) == ()
