"""Facts about the machine from Linux's files of /proc; other systems have none there."""

from pathlib import Path


def proc_value(file: str | Path, name: str) -> str | None:
    """The text after the first `name:` in a file of /proc; None where there is none."""
    try:
        lines = Path(file).read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() == name), None)


def cpu_flags() -> frozenset[str]:
    """The processor's own list of what it can do; empty where the system does not tell."""
    return frozenset((proc_value("/proc/cpuinfo", "flags") or "").split())
