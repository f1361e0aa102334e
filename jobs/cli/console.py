"""Consoles and pipes that cannot show every character: what is written there is spelt in those that they have."""

import codecs
import sys

SPELT = {
    "→": "->", "←": "<-", "×": "x", "–": "-", "—": "-", "−": "-", "…": "...", "·": "*", "•": "*", "≥": ">=", "≤": "<=",
    "±": "+-", "≈": "~", "²": "^2", "⁶": "^6", "σ": "sigma", "“": '"', "”": '"', "‘": "'", "’": "'", "✓": "ok",
}  # fmt: skip
"""What stands for the characters of our own sentences; others (of a clip's name) become Python's escapes."""

_HANDLER = "vidsharp.spelt"


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanted = error.object[error.start : error.end]
    return "".join(SPELT.get(each) or each.encode("ascii", "backslashreplace").decode() for each in wanted), error.end


def spell_what_cannot_be_shown() -> None:
    """Has stdout and stderr of this process take any text, whatever their encoding: no sentence ends in a traceback."""
    codecs.register_error(_HANDLER, _spelt)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # a notebook's have none
            reconfigure(errors=_HANDLER)
