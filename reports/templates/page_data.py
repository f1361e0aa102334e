"""Plain data inside a page: JSON that no HTML parser takes for markup, and tables as columns."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

_UNSAFE = "<>&\u2028\u2029"


def script_json(value: Any) -> Markup:
    """JSON to stand inside `<script type="application/json">`, whatever text it holds. NaN and infinity become null."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in _UNSAFE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def columns_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as columns, without those that are null throughout: names then stand there once, not in each row."""
    columns = {name: [row[name] for row in rows] for name in names}
    return {name: values for name, values in columns.items() if any(value is not None for value in values)}


def brief(value: Any, digits: int = 5) -> Any:
    """A float with so many significant digits: enough for a plot, and shorter. Anything else stays as it is."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return value
