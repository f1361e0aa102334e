"""The package as it is installed: it can be walked, knows its version, says that it is typed; C code is no module."""

import os
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
import vidsharp

PARTS = ["jobs", "models", "pipeline", "reports", "training"]


@pytest.mark.parametrize("part", PARTS)
def test_whoever_walks_the_package_can_import_all_of_it(part: str) -> None:
    """As documentation, freezers and plug-in finders do."""
    package = import_module(f"vidsharp.{part}")
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    failed = []
    for name in names:
        try:
            import_module(name)
        except ImportError as error:
            failed.append(str(error))
    assert len(names) > 5
    assert not failed


def test_importing_the_package_alone_costs_nothing_and_tells_the_version() -> None:
    program = (
        "import sys; before = set(sys.modules); import vidsharp\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
        "print(vidsharp.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["vidsharp", version("vidsharp")], done.stderr
    assert not hasattr(vidsharp, "no_such_thing")


def test_it_has_a_file_and_says_that_it_is_typed() -> None:
    file = Path(getattr(vidsharp, "__file__", None) or "nowhere")
    assert file.name == "__init__.py"
    assert file.with_name("py.typed").is_file()


ROOT = Path(__file__).parents[1]
LIBRARIES = {"vidsharp/models/fused/libblend.sharedlib", "vidsharp/reports/metrics/libmetrics.sharedlib"}
WALK = """
import importlib, pkgutil, sys, vidsharp
assert vidsharp.__file__.startswith(sys.argv[1]), vidsharp.__file__
names = [module.name for module in pkgutil.walk_packages(vidsharp.__path__, "vidsharp.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.mark.slow
@pytest.mark.parametrize("compiler", [None, "false"], ids=["as it is", "without a compiler"])
def test_a_wheel_is_whole_and_can_be_walked(compiler: str | None, tmp_path: Path) -> None:
    pytest.importorskip(
        "setuptools", minversion="77", reason="wheels are built without a network: pip install setuptools"
    )
    source, made, unpacked = tmp_path / "source", tmp_path / "made", tmp_path / "unpacked"
    built = shutil.ignore_patterns("__pycache__", "*.so", "*.sharedlib")
    for folder in ("package", *PARTS):
        shutil.copytree(ROOT / folder, source / folder, ignore=built)
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", made, source]
    environment = os.environ | ({"CC": compiler} if compiler else {})
    done = subprocess.run(build, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = made.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(unpacked)
    assert {"vidsharp/__init__.py", "vidsharp/py.typed"} <= names
    weights = ("fast", "earlier/fast-0.1", "earlier/balanced-0.1")
    assert {f"vidsharp/models/weights/{each}.safetensors" for each in weights} <= names
    has_compiler = compiler is None and shutil.which("cc") is not None
    assert {name for name in names if name.endswith((".so", ".sharedlib"))} == (LIBRARIES if has_compiler else set())
    done = subprocess.run(
        [sys.executable, "-c", WALK, unpacked],
        env=os.environ | {"PYTHONPATH": str(unpacked)}, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
