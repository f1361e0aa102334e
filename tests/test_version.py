"""The version is Git's tag, or what follows it, in a clone, in an archive of it, and where there is neither."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from email import message_from_string
from pathlib import Path

import pytest

pytest.importorskip("setuptools_scm", reason="it tells the version: pip install setuptools-scm")
pytest.importorskip("setuptools", minversion="77", reason="metadata are made without a network: pip install setuptools")
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="a clone is made by git")

ROOT = Path(__file__).parents[1]
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", ".git_archival.txt", ".gitattributes")
METADATA = "import sys; from setuptools.build_meta import *; prepare_metadata_for_build_wheel(sys.argv[1])"
SOMEBODY = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SETUPTOOLS_SCM"))}


def git(source: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=source, env=ENVIRONMENT | SOMEBODY, capture_output=True, check=True)


def commit(source: Path) -> None:
    git(source, "add", "--all")
    git(source, "commit", "--allow-empty", "--message", "one more")


def version_of(source: Path, made: Path) -> str:
    """What a wheel built of the folder would say."""
    made.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", METADATA, made], cwd=source, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    (file,) = made.glob("*.dist-info/METADATA")
    return message_from_string(file.read_text("utf-8"))["Version"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What a build reads, but for the code."""
    source = tmp_path / "vidsharp"
    for package in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]:
        folder = source.joinpath(*package.split(".")[1:] or ["package"])
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    for file in FILES:
        shutil.copy(ROOT / file, source)
    return source


@pytest.fixture
def clone(source: Path) -> Path:
    """The same with a commit, and no tag."""
    git(source, "init")
    commit(source)
    return source


def test_at_a_tag_it_is_the_tag(clone: Path, tmp_path: Path) -> None:
    git(clone, "tag", "v3.2.1")
    assert version_of(clone, tmp_path / "made") == "3.2.1"


def test_after_a_tag_it_comes_before_the_next_one_and_names_the_commit(clone: Path, tmp_path: Path) -> None:
    git(clone, "tag", "v3.2.1")
    commit(clone)
    assert version_of(clone, tmp_path / "made").startswith("3.2.2.dev1+g")


def test_without_tags_it_counts_and_names_the_commit(clone: Path, tmp_path: Path) -> None:
    assert version_of(clone, tmp_path / "made").startswith("0.1.dev1+g")


@pytest.mark.parametrize(("commits", "version"), [(0, "3.2.1"), (1, "3.2.2.dev1")])
def test_an_archive_of_a_clone_knows_its_version(clone: Path, tmp_path: Path, commits: int, version: str) -> None:
    git(clone, "tag", "v3.2.1")
    for _ in range(commits):
        commit(clone)
    archive, unpacked = tmp_path / "clone.tar", tmp_path / "unpacked"
    git(clone, "archive", "--output", str(archive), "HEAD")
    with tarfile.open(archive) as file:
        file.extractall(unpacked, filter="data")
    assert version_of(unpacked, tmp_path / "made").partition("+")[0] == version


def test_a_copy_without_git_has_a_version_too(source: Path, tmp_path: Path) -> None:
    assert version_of(source, tmp_path / "made") == "0.0"
