"""The package as mkdocstrings reads it: `build/sources/vidsharp`, made of links to the source folders."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("pipeline", "models", "training", "jobs", "reports")


def on_startup(**_: object) -> None:
    link_package(ROOT / "build/sources/vidsharp")


def link_package(package: Path) -> None:
    """Makes `package` anew where links are missing; it is never installed, and nothing in it is imported."""
    package.mkdir(parents=True, exist_ok=True)
    for source in (*(ROOT / name for name in FOLDERS), *(ROOT / "package").iterdir()):
        link = package / source.name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(source)
