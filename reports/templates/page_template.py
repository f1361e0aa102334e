"""The templates of pages: everything that is put into one is escaped, and a name that is missing is an error."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def page_template(name: str, filters: Mapping[str, Callable[..., Any]]) -> Template:
    """The template `name` of `templates/`, with `filters` beside Jinja's own."""
    environment = Environment(
        loader=PackageLoader("vidsharp.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(name)
