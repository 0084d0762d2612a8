"""Fenced blocks of the documentation, with what the comment above each says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "console", "sh")
FENCE = re.compile(r"(?P<indent> *)(?P<mark>```+|~~~+) *(?P<language>[\w+-]*)[^`]*")
MARKER = re.compile(
    r" *<!-- (?P<name>exits|file|not run|part of|prints|runs until interrupted|values)(?::? (?P<value>[^>]*?))? -->"
)
LEFT_OUT = ("docs/adr/", "docs/changes/", "docs/results/")  # records of their day


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `markers` are the comments straight above it."""

    page: str
    line: int
    language: str
    text: str
    markers: dict[str, str]

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.language in (*SHELLS, "python") and not {"not run", "prints", "file"} & self.markers.keys()


def pages() -> list[str]:
    """Every page that is documentation, by its path in the checkout."""
    globs = ("README.md", "docs/**/*.md", "charts/*/README.md", "examples/**/*.md")
    found = {path.relative_to(ROOT).as_posix() for glob in globs for path in ROOT.glob(glob)}
    return sorted(page for page in found if not page.startswith(LEFT_OUT))


def blocks(page: str, text: str | None = None) -> Iterator[Block]:
    """The blocks of a page in their order."""
    lines = iter(enumerate((ROOT / page).read_text().splitlines() if text is None else text.splitlines(), 1))
    markers: dict[str, str] = {}
    for number, line in lines:
        if found := MARKER.fullmatch(line):
            markers[found["name"]] = found["value"] or ""
        elif found := FENCE.fullmatch(line):
            indent, end = len(found["indent"]), found["mark"]
            content = []
            for _, inner in lines:
                if inner.strip().startswith(end):
                    break
                content.append(inner[indent:] if not inner[:indent].strip() else inner)
            yield Block(page, number, found["language"], "\n".join(content) + "\n", markers)
            markers = {}
        elif line.strip():
            markers = {}


def commands(block: Block) -> list[tuple[str, str]]:
    """What a block tells to run, and what it shows of the output; only `console` blocks show any."""
    if block.language != "console":
        return [(block.text, "")]
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and line.startswith("> "):
            found[-1] = (found[-1][0] + line[2:], "")
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def shows(expected: str, printed: str) -> bool:
    """Whether an output is like the one that a page shows.

    Lines come in the same order, with others between them. Numbers, keys and dates may be others, `...` stands for
    anything, columns may have another width.
    """
    rest = iter(printed.splitlines())
    return all(any(_like(line).fullmatch(each) for each in rest) for line in expected.splitlines() if line.strip())


def _like(line: str) -> re.Pattern[str]:
    parts = re.split(r"(\.\.\.|…|<[\w -]+>|isk_\w+|[0-9][\w.:+-]*|\s+)", line.strip())
    return re.compile(r"\s*" + "".join(_pattern(each) for each in parts) + r"\s*")


def _pattern(part: str) -> str:
    if part in ("...", "…"):
        return ".*"
    if part.isspace():
        return r"\s+"
    if part.startswith(("isk_", "<")) or part[:1].isdigit():
        return r"\S+"
    return re.escape(part)
