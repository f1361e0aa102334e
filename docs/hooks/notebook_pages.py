"""Notebooks as pages: their text, code and results as they lie in the repository, without being run."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

PICTURES = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
STYLE = re.compile(r"<style.*?</style>\s*", re.S)
LOOKS = re.compile(r'(?<=<table) border="1" class="dataframe"')
"""How pandas would have its tables look; here they look like all others."""


def on_files(files: Files, config: Any) -> Files:
    for path in sorted(Path(config.docs_dir).glob("notebooks/*.ipynb")):
        markdown, pictures = page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=markdown))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def page(path: Path) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by their names."""
    pictures: dict[str, bytes] = {}
    parts = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif cell["cell_type"] == "code":
            parts.append(f"```python\n{source}\n```")
            parts.extend(part for output in joined(cell["outputs"]) for part in shown(output, path.stem, pictures))
    title, *rest = parts
    download = f"This page is a notebook: [download it]({path.name}), and run it in Jupyter."
    return "\n\n".join([title, download, *rest]) + "\n", pictures


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results with what was printed in several goes as one."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        if found and output["output_type"] == found[-1]["output_type"] == "stream":
            found[-1] = {**output, "text": [*found[-1]["text"], *output["text"]]}
        else:
            found.append(output)
    return found


def shown(output: dict[str, Any], stem: str, pictures: dict[str, bytes]) -> Iterator[str]:
    """One result of a cell as Markdown: the richest kind that it has. Its picture, if it is one, is added."""
    if output["output_type"] == "stream":
        yield f"```text\n{''.join(output['text']).rstrip()}\n```"
        return
    data = {kind: "".join(lines) for kind, lines in output.get("data", {}).items() if kind != "application/json"}
    for kind, suffix in PICTURES.items():
        if kind in data:
            name = f"{stem}-{len(pictures) + 1}.{suffix}"
            pictures[name] = data[kind].encode() if suffix == "svg" else base64.b64decode(data[kind])
            yield f"![Result of the cell above]({name})"
            return
    if "text/html" in data:
        yield f'<div class="md-typeset__scrollwrap">\n{LOOKS.sub("", STYLE.sub("", data["text/html"]))}\n</div>'
    elif "text/plain" in data:
        yield f"```text\n{data['text/plain']}\n```"
