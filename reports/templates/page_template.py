"""The templates of pages, and the JSON that they are filled with besides text.

Everything that is put into a template is escaped, and a name that is missing is an error.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

_UNSAFE = "<>&\u2028\u2029"


def page_template(name: str, filters: Mapping[str, Callable[..., Any]]) -> Template:
    """The template `name` of `templates/`, with `filters` beside Jinja's own."""
    environment = _environment(name)
    environment.filters |= filters
    return environment.get_template(name)


@cache
def _environment(name: str) -> Environment:
    """One for each template, since their filters may be called alike. It keeps the compiled template: compiling the
    quality page takes longer than filling it."""
    return Environment(
        loader=PackageLoader("vidsharp.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def script_json(value: Any) -> Markup:
    """JSON to stand inside `<script type="application/json">`, whatever text it holds. NaN and infinity become null."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in _UNSAFE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return value
