"""The day's findings as the tables of docs/gpu.md."""

from collections.abc import Mapping
from typing import Any

Found = Mapping[str, Mapping[str, Any]]
"""Findings by step, as the steps' files have them."""


def page(found: Found, *, rehearsal: bool) -> str:
    """Everything, in Markdown; what a step did not come to is said."""
    parts = [_about(found, rehearsal=rehearsal), _checks(found), _ceilings(found), _students(found), _precision(found)]
    return "\n\n".join(part for part in (*parts, _compiled(found), _codecs(found), _end_to_end(found)) if part) + "\n"


def _about(found: Found, *, rehearsal: bool) -> str:
    about = found.get("versions", {})
    said, gpu, cpu = about.get("versions", {}), about.get("gpu", {}), about.get("cpu", {})
    first = "**A rehearsal on a CPU: no figure here is of a GPU.** " if rehearsal else ""
    card = f"{gpu.get('name')} ({gpu.get('memory_gib')} GiB)" if gpu else "no GPU"
    versions = ", ".join(f"{name} {number}" for name, number in said.items())
    return f"{first}{card}, {cpu.get('cores')} cores of {cpu.get('name')}; {versions}."


def _checks(found: Found) -> str:
    rows = [[name, _checked(name, said)] for name, said in found.items() if name in _CHECKS or "failed" in said]
    return _table(["check", "found"], rows)


_CHECKS = ("gate", "races", "sanitizer", "capture", "out_of_memory")


def _checked(name: str, said: Mapping[str, Any]) -> str:
    if "failed" in said:
        return f"did not end: {said['failed']}"
    if name == "gate":
        counts = ", ".join(f"{count} {what}" for what, count in said.get("counts", {}).items())
        if said["passed"] is None:
            return str(said["said"])
        return f"tests pass ({counts})" if said["passed"] else f"**tests fail** ({counts})"
    if said.get("tried") is False:
        return "not tried"
    return "; ".join(f"{what}: {_words(value)}" for what, value in said.items() if what not in ("seconds", "tried"))


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        if value.keys() == {"wrong", "of"}:
            return f"{value['wrong']} of {value['of']} wrong"
        return ", ".join(f"{name.replace('_', ' ')} {_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return _number(value) if isinstance(value, float) else str(value)


def _ceilings(found: Found) -> str:
    rows = []
    for name, value in found.get("ceilings", {}).items():
        unit, _, what = name.partition(", ")
        if what:
            rows.append([what, f"{_number(value)} {'GB/s' if unit.startswith('giga') else 'TFLOPS'}"])
    return _table(["at best", "found"], rows)


def _students(found: Found) -> str:
    rows = []
    for name, said in found.get("students", {}).items():
        if not isinstance(said, Mapping):
            continue
        student, size, kind, way = name.split()
        peak = found.get("ceilings", {}).get(f"teraflops, {kind}")
        share = said["gflop_per_frame"] / said["compute_ms"] / peak if peak else None
        rows.append(
            [student, size, kind, way, str(said["batch"]), _number(said["compute_ms"]), _number(said["with_copies_ms"]),
             _number(said["stream_fps"]), "" if share is None else f"{share:.0%}"]
        )  # fmt: skip
    head = ["student", "frame", "type", "launched", "batch", "computing, ms", "and copies, ms", "in a stream, fps"]
    return _table([*head, "of peak"], rows)


def _precision(found: Found) -> str:
    rows = [
        [name, *("no number" if each is None else f"{each:.2f}" for each in said.values())]
        for name, said in found.get("precision", {}).items()
        if isinstance(said, Mapping)
    ]
    return _table(["code values of 8 bits from float32", "float16", "bfloat16", "TF32"], rows)


def _compiled(found: Found) -> str:
    rows = [
        [name, _number(said["eager_ms"]), said.get("failed") or _number(said["compiled_ms"]),
         _number(said["compile_s"]) if "compile_s" in said else ""]
        for name, said in found.get("compiled", {}).items()
        if isinstance(said, Mapping)
    ]  # fmt: skip
    return _table(["network", "as it is, ms", "compiled, ms", "compiling, s"], rows)


def _codecs(found: Found) -> str:
    return _table(["the GPU's codecs", "found"], _rates(found.get("codecs", {})))


def _end_to_end(found: Found) -> str:
    return _table(["from file to file", "all together"], _rates(found.get("end_to_end", {})))


def _rates(found: Mapping[str, Any]) -> list[list[str]]:
    """Each finding's frames per second, or what else it says."""
    return [
        [name, f"{_number(said['fps'])} fps" if isinstance(said, Mapping) and "fps" in said else _words(said)]
        for name, said in found.items()
        if name not in ("seconds", "failed")
    ]


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
