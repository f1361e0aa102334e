"""The fields of settings classes as the reference shows them: `option(…)` is their default and their help."""

import ast
from typing import Any

from griffe import Attribute, Docstring, ExprCall, Extension


class OptionFields(Extension):
    """Puts the default where a field has `option(default, help)`, and the help before its docstring."""

    def on_attribute_instance(self, *, attr: Attribute, **_: Any) -> None:
        call = attr.value
        if not isinstance(call, ExprCall) or str(call.function) != "option":
            return
        default, help = call.arguments[:2]
        attr.value = default
        said = [ast.literal_eval(str(help)), attr.docstring.value if attr.docstring else ""]
        attr.docstring = Docstring(" ".join(filter(None, said)), parent=attr)
