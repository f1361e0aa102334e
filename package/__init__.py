"""Sharpens folders of recorded video calls. `vidsharp.jobs` is the way in; importing this alone costs nothing."""

__version__: str


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Looked up on first use, as few ask for it.
    from importlib.metadata import version

    return version("vidsharp")
