"""The documentation as a site: it builds without a broken link, and loads nothing from elsewhere."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.tools import obtain
from tests.docs.markdown import ROOT, pages

BUILD_SECONDS = 50
LOADED = re.compile(
    r"<(?:script|img|iframe|link rel=\"(?:stylesheet|preconnect|icon)\")[^>]*(?:src|href)=\"((?:https?:)?//[^\"]*)"
)
FETCHED = re.compile(r"@import [^;]*https?:|url\([\"']?https?:")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [obtain("mkdocs"), "build", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


def test_every_page_is_in_it(site: Path) -> None:
    wanted = [page.removeprefix("docs/") if page.startswith("docs/") else f"repository/{page}" for page in pages()]
    missing = [each for each in wanted if not (site / _html(each)).exists()]
    assert missing == []


def _html(page: str) -> str:
    path = Path(page)
    return str(path.with_name("index.html") if path.stem in ("README", "index") else path.with_suffix(".html"))


def test_the_navigation_names_each_page_once() -> None:
    named = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2], re.MULTILINE)
    assert [each for each in named if named.count(each) > 1] == []


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    found = [
        f"{path.relative_to(site)}: {match}"
        for path in site.rglob("*.html")
        for match in LOADED.findall(path.read_text())
    ]
    found += [str(path.relative_to(site)) for path in site.rglob("*.css") if FETCHED.search(path.read_text())]
    assert found == []


def test_search_works_without_a_server(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text()
    assert "quarantine" in index
