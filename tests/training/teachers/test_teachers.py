"""What teachers are shown."""

import pytest
import torch
from vidsharp.training import teachers
from vidsharp.training.teachers import TEACHERS


def test_real_esrgan_sees_heavy_pictures_smaller_since_they_hold_less(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(teachers, "load_realesrgan", lambda: None)
    monkeypatch.setattr(teachers, "restored", lambda net, rgb, reduced: seen.append(reduced) or rgb)
    restore = TEACHERS["realesrgan"].load()
    for level in ("heavy", "medium", "motion"):
        restore(torch.zeros(1, 3, 12, 12), level)
    assert seen == [3, 2, 2]
