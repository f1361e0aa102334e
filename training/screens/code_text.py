"""Program text as lines of tokens, and what a shell prints."""

from random import Random

from .prose import date, percent, words_of

Line = tuple[tuple[str, str], ...]
"""Pieces of a line: text, and its role (`plain`, `keyword`, `name`, `text`, `number`, `remark`)."""

_NOUNS = words_of("""
frame packet buffer index cache node queue worker stream header offset chunk config session request response token
user item record table column row path file folder client server event handler task result value count size width
height
""")
_VERBS = words_of("""
read write parse load open close find make send merge split encode decode update check build get set run
""")
_TYPES = words_of("""
int str float bool bytes Path None
""")


def identifier(rng: Random) -> str:
    name = f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}" if rng.random() < 0.6 else rng.choice(_NOUNS)
    return name + (f"_{rng.choice(_NOUNS)}" if rng.random() < 0.2 else "")


def file_name(rng: Random) -> str:
    return f"{rng.choice(_NOUNS)}_{rng.choice(_NOUNS)}.{rng.choice(('py', 'rs', 'ts', 'toml', 'md', 'json', 'c'))}"


def program(rng: Random, lines: int) -> list[Line]:
    """Functions that look like Python, blank lines between them."""
    text: list[Line] = [
        *((("import", "keyword"), (f" {rng.choice(_NOUNS)}", "plain")) for _ in range(rng.randint(2, 5))),
        (),
    ]
    while len(text) < lines:
        text += _function(rng)
    return text[:lines]


def _function(rng: Random) -> list[Line]:
    a, b = rng.choice(_NOUNS), rng.choice(_NOUNS)
    text: list[Line] = [
        (
            ("def", "keyword"),
            (f" {identifier(rng)}", "name"),
            (f"({a}: {rng.choice(_TYPES)}, {b}: {rng.choice(_TYPES)}) -> {rng.choice(_TYPES)}:", "plain"),
        )
    ]
    if rng.random() < 0.6:
        text.append(((f'    """{rng.choice(_VERBS).capitalize()}s the {a} of each {rng.choice(_NOUNS)}."""', "text"),))
    depth = 1
    for _ in range(rng.randint(3, 10)):
        line = _statement(rng, "    " * depth)
        text.append(line)
        if line[-1][0].endswith(":"):
            depth = min(depth + 1, 4)
        elif depth > 1 and rng.random() < 0.45:
            depth -= 1
    text.append((("    return", "keyword"), (f" {a}", "plain")))
    return [*text, (), ()] if rng.random() < 0.7 else [*text, ()]


def _statement(rng: Random, indent: str) -> Line:
    a, b, number = rng.choice(_NOUNS), rng.choice(_NOUNS), str(rng.randint(0, 4096))
    kind = rng.randrange(7)
    if kind == 0:
        return (
            (f"{indent}{a} = ", "plain"),
            (identifier(rng), "name"),
            (f"({b}, ", "plain"),
            (number, "number"),
            (")", "plain"),
        )
    if kind == 1:
        return ((f"{indent}for", "keyword"), (f" {a} ", "plain"), ("in", "keyword"), (f" {b}s:", "plain"))
    if kind == 2:
        return ((f"{indent}if", "keyword"), (f" {a}.{b} > ", "plain"), (number, "number"), (":", "plain"))
    if kind == 3:
        return ((f"{indent}# the {a} of the {b} comes first", "remark"),)
    if kind == 4:
        return ((f"{indent}{a}[", "plain"), (f'"{b}"', "text"), ("] = ", "plain"), (number, "number"))
    if kind == 5:
        return (
            (f"{indent}raise", "keyword"),
            (" ValueError(", "plain"),
            (f'f"no {a} in {{{b}}}"', "text"),
            (")", "plain"),
        )
    return ((f"{indent}self.{a}.", "plain"), (rng.choice(_VERBS), "name"), (f"({b}={a}s)", "plain"))


def shell(rng: Random, lines: int) -> list[Line]:
    """Commands with what they print."""
    text: list[Line] = []
    user = f"{rng.choice(('ada', 'ben', 'dev', 'root'))}@{rng.choice(('build', 'node', 'lab'))}-{rng.randint(1, 40)}"
    while len(text) < lines:
        command, output = rng.choice((_listing, _tests, _history, _install, _hits))(rng)
        text += [((f"{user}:", "name"), (f"~/{rng.choice(_NOUNS)}", "keyword"), (f"$ {command}", "plain")), *output]
    return text[:lines]


def _plain(lines: list[str]) -> list[Line]:
    return [((line, "plain"),) for line in lines]


def _listing(rng: Random) -> tuple[str, list[Line]]:
    rows = [
        f"-rw-r--r-- 1 ada users {rng.randint(100, 9_999_999):>8} {date(rng)} {file_name(rng)}"
        for _ in range(rng.randint(4, 14))
    ]
    return "ls -l", _plain([f"total {rng.randint(40, 900)}", *rows])


def _tests(rng: Random) -> tuple[str, list[Line]]:
    rows: list[Line] = []
    for _ in range(rng.randint(4, 12)):
        passed = rng.random() < 0.9
        rows.append(
            (
                (f"tests/test_{rng.choice(_NOUNS)}.py::{identifier(rng)} ", "plain"),
                ("PASSED" if passed else "FAILED", "text" if passed else "number"),
            )
        )
    return "pytest -v", [*rows, ((f"{rng.randint(20, 400)} passed in {rng.randint(100, 9000) / 100:.2f}s", "text"),)]


def _history(rng: Random) -> tuple[str, list[Line]]:
    rows: list[Line] = [
        (
            (f"{rng.getrandbits(28):07x} ", "number"),
            (f"{rng.choice(_VERBS).capitalize()} the {rng.choice(_NOUNS)} of each {rng.choice(_NOUNS)}", "plain"),
        )
        for _ in range(rng.randint(4, 14))
    ]
    return "git log --oneline", rows


def _install(rng: Random) -> tuple[str, list[Line]]:
    rows = [
        f"Unpacking {rng.choice(_NOUNS)}-{rng.choice(_NOUNS)} ({rng.randint(0, 9)}.{rng.randint(0, 30)}) {percent(rng)}"
        for _ in range(rng.randint(3, 10))
    ]
    return f"apt-get install {rng.choice(_NOUNS)}", _plain(rows)


def _hits(rng: Random) -> tuple[str, list[Line]]:
    name = identifier(rng)
    rows: list[Line] = [
        (
            (f"src/{file_name(rng)}", "name"),
            (f":{rng.randint(3, 900)}: ", "number"),
            (f"{rng.choice(_NOUNS)} = {name}({rng.choice(_NOUNS)})", "plain"),
        )
        for _ in range(rng.randint(2, 9))
    ]
    return f"grep -rn {name} src", rows
