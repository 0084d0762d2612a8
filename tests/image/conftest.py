"""The image, made once and kept, and containers of it that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.container import Container
from tests.fakes.image import make_image

MakeContainer = Callable[[str], Container]


@pytest.fixture(scope="session")
def image() -> Path:
    return make_image()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What containers see at /run/isthmus, read-only."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def container(image: Path, tmp_path: Path, files: Path) -> Iterator[MakeContainer]:
    """Makes containers by name."""
    made: list[Container] = []

    def make(name: str) -> Container:
        made.append(Container(image, tmp_path / name, files))
        return made[-1]

    yield make
    for each in reversed(made):
        each.kill()
