"""Growing a student: the larger one gives the smaller one's pictures, and can be trained on from there."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.training import grow
from vidsharp.training.errors import RecipeError
from vidsharp.training.grow import grown
from vidsharp.training.recipe import read_recipe


def learned(**size: object) -> BlendStudent:
    """A student whose weights are all at work."""
    torch.manual_seed(0)
    student = BlendStudent(**size)  # type: ignore[arg-type]
    for parameter in student.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return student


def test_a_grown_student_gives_the_same_pictures_in_both_looks() -> None:
    small = learned(bands=2, width=8, dilations=[1, 4])
    large = grown(small, {"bands": 4, "width": 8, "dilations": [2, 1, 1, 4, 2], "looks": 2})
    picture = torch.rand(1, 1, 50, 70)
    with torch.no_grad():
        natural, crisp = large.both(picture)
        assert torch.equal(natural, small(picture))
        assert torch.equal(crisp, natural)
    assert not torch.equal(natural, picture)


def test_everything_that_was_added_can_learn() -> None:
    large = grown(learned(bands=2, width=8, dilations=[1]), {"bands": 3, "width": 8, "dilations": [1, 2], "looks": 2})
    with torch.enable_grad():
        (large.both(torch.rand(1, 1, 48, 48))[1] ** 2).mean().backward()
    assert large.crisp is not None
    for weight in (large.layers[1].get_parameter("weight"), large.crisp.weight[32:48]):
        assert float(weight.detach().abs().max()) == 0
    grads = large.layers[1].get_parameter("weight").grad, large.crisp.weight.grad
    assert all(grad is not None and float(grad.abs().max()) > 0 for grad in grads)


def test_a_wider_student_gives_the_same_pictures_and_its_new_channels_can_learn() -> None:
    small = learned(bands=2, width=8, dilations=[1, 4], looks=2)
    large = grown(small, {"bands": 3, "width": 12, "dilations": [1, 2, 4], "looks": 2})
    picture = torch.rand(1, 1, 50, 70)
    for before, after in zip(small.both(picture), large.both(picture), strict=True):
        torch.testing.assert_close(before, after)
    assert not torch.equal(*large.both(picture))
    (large.both(picture)[1] ** 2).mean().backward()
    head, added = large.crisp, large.layers[0].get_parameter("weight")[8:]
    assert head is not None
    assert head.weight.grad is not None
    assert float(head.weight.grad[:, 8:].abs().max()) > 0, "the last layer sees what the new channels carry"
    assert float(added.detach().abs().max()) > 0, "and they carry something from the start"


def test_who_comes_to_look_between_cells_gives_the_same_pictures_and_can_learn_from_it() -> None:
    small = learned(bands=2, width=8, dilations=[1, 4], looks=2)
    large = grown(small, {"bands": 2, "width": 12, "dilations": [1, 4], "looks": 2, "between": True})
    picture = torch.rand(1, 1, 50, 70)
    for before, after in zip(small.both(picture), large.both(picture), strict=True):
        torch.testing.assert_close(before, after)
    (large.both(picture)[0] ** 2).mean().backward()
    grad = large.enter.weight.grad
    assert grad is not None
    assert not large.enter.weight[:8, 32:].any()
    assert float(grad[:8, 32:].abs().max()) > 0
    moved = grown(large, {"bands": 2, "width": 12, "dilations": [1, 4], "looks": 2, "between": True}, share=0.25)
    torch.testing.assert_close(moved.enter.weight[:8, :32], 0.75 * small.enter.weight)
    torch.testing.assert_close(moved.enter.weight[:8, 32:], 0.25 * small.enter.weight)
    again = grown(large, {"bands": 2, "width": 12, "dilations": [1, 4], "looks": 2, "between": True})
    assert torch.equal(again(picture), large(picture))
    with pytest.raises(RecipeError, match="spectra"):
        grown(large, {"bands": 2, "width": 12, "dilations": [1, 4], "looks": 2})


@pytest.mark.parametrize(
    "size",
    [
        {"bands": 1, "width": 8, "dilations": [1, 4]},
        {"bands": 2, "width": 4, "dilations": [1, 4]},
        {"bands": 2, "width": 8, "dilations": [4, 1]},
        {"bands": 2, "width": 8, "dilations": [1]},
    ],
)
def test_a_size_that_does_not_hold_the_smaller_student_is_refused(size: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        grown(learned(bands=2, width=8, dilations=[1, 4]), size)


@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_the_command_grows_what_ships_of_version_0_1(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "grown.safetensors"
    monkeypatch.setattr("sys.argv", ["grow", f"{name}-0.1", "--recipe", name, "--out", str(out)])
    grow.main()
    large = BlendStudent.like(load_file(out))
    large.load_state_dict(load_file(out))
    assert (large.bands, large.looks) == (read_recipe(name).size["bands"], 2)


def test_the_command_keeps_both_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, it grew the crisp one alone, and the natural look began as a copy of it."""
    small, out = learned(bands=2, width=8, dilations=[1, 4], looks=2), tmp_path / "grown.safetensors"
    save_file(small.state_dict(), tmp_path / "small.safetensors")
    recipe = tmp_path / "wider.toml"
    training = 'network = "blend"\nsteps = 1\nbatch = 1\npatch_px = 16\nlearning_rate = 1e-3\n'
    size = "[size]\nbands = 3\nwidth = 12\ndilations = [1, 4]\nlooks = 2\n"
    recipe.write_text(f"{training}{size}[crisp]\npixel = 1.0\n")
    monkeypatch.setattr(
        "sys.argv",
        ["grow", str(tmp_path / "small.safetensors"), "--recipe", str(recipe), "--out", str(out)],
    )
    grow.main()
    large, picture = BlendStudent.like(load_file(out)), torch.rand(1, 1, 30, 42)
    large.load_state_dict(load_file(out))
    with torch.no_grad():
        for before, after in zip(small.both(picture), large.both(picture), strict=True):
            torch.testing.assert_close(before, after)
        assert not torch.equal(*large.both(picture))


def test_what_is_no_student_of_that_kind_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grown.safetensors"
    monkeypatch.setattr("sys.argv", ["grow", "reference", "--recipe", "fast", "--out", str(out)])
    with pytest.raises(SystemExit):
        grow.main()
    assert "Only students that blend filters grow." in capsys.readouterr().err
    assert not out.exists()
