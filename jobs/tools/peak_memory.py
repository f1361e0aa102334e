"""The most memory that this process has had at a time."""

import sys

try:
    import resource
except ModuleNotFoundError:  # Windows
    resource = None


def peak_rss_mib() -> float | None:
    """In MiB; None where the system does not tell in this way."""
    usage = getattr(resource, "getrusage", None)
    if usage is None:
        return None
    peak = usage(getattr(resource, "RUSAGE_SELF", 0)).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)
