"""Documents with sections that code writes: each stands between `<!-- NAME -->` and `<!-- end -->`."""

import re
from collections.abc import Mapping


def filled_in(text: str, sections: Mapping[str, str]) -> str:
    """The document with its sections made again."""
    for name, section in sections.items():
        text, found = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda match, section=section: f"{match[1]}{section}{match[2]}",
            text,
            flags=re.S,
        )
        assert found == 1, f"the document has no section called {name}"
    return text
