"""Hooks of mkdocs: what documentation links to outside `docs/`, and folders, become pages of the site too.

Links stay what they are on a code host: relative paths in the checkout.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
DOCS = PurePosixPath("docs")
OUTSIDE = (
    *("LICENSE", "*.md", "charts/*/README.md", "charts/*/values.yaml", "charts/**/files/*.json"),
    *("examples/**/*.yaml", "examples/**/*.yml", "examples/**/*.md"),
)
FOLDERS = ("docs/results", "docs/schemas", "examples")  # which have no page of their own
FENCE = re.compile(r"^ *(```+|~~~+)")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)(?=[)#])")


def on_files(files: Any, config: Any) -> Any:
    """Add pages for what lies outside `docs/`."""
    for path in sorted({each for glob in OUTSIDE for each in ROOT.glob(glob)}):
        name = PurePosixPath(path.relative_to(ROOT).as_posix())
        text = path.read_text() if path.suffix == ".md" else _shown(name, path.read_text())
        files.append(File.generated(config, str(_page_of(name)), content=text))
    for folder in FOLDERS:
        name = PurePosixPath(folder)
        files.append(File.generated(config, str(_page_of(name)), content=_listing(name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Lead links to where their targets lie in the site."""
    source = _source_of(PurePosixPath(page.file.src_uri))
    lines, fence = [], ""
    for line in markdown.splitlines():
        if found := FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        lines.append(line if fence else LINK.sub(_leading(source), line))
    return "\n".join(lines)


def _leading(source: PurePosixPath) -> Callable[[re.Match[str]], str]:
    def lead(found: re.Match[str]) -> str:
        target = PurePosixPath(os.path.normpath(source.parent / found[1]))
        if not (ROOT / target).exists():
            return found[1]  # mkdocs says what is missing
        return os.path.relpath(_page_of(target), _page_of(source).parent)

    return lead


def _page_of(path: PurePosixPath) -> PurePosixPath:
    """Where a file or folder of the checkout lies below `docs/`, as mkdocs sees it."""
    if (ROOT / path).is_dir():
        own = next((name for name in ("index.md", "README.md") if (ROOT / path / name).exists()), "index.md")
        return _page_of(path / own)
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS)
    shown = PurePosixPath("repository", *(part.lstrip(".") for part in path.parts))  # mkdocs leaves hidden files out
    return shown if path.suffix == ".md" else shown.with_name(shown.name + ".md")


def _source_of(page: PurePosixPath) -> PurePosixPath:
    """The opposite, for pages that have links."""
    return page.relative_to("repository") if page.parts[0] == "repository" else DOCS / page


def _shown(name: PurePosixPath, text: str) -> str:
    return f"# {name}\n\n```{name.suffix.removeprefix('.')}\n{text}```\n"


def _listing(folder: PurePosixPath) -> str:
    names = sorted(path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file())
    return "\n".join([f"# {folder.name}", "", *(f"- [{name}]({name})" for name in names if name != "index.md"), ""])
