"""Generated files that differ from what their generator makes are noticed, and put right when asked."""

from pathlib import Path

import pytest

from scripts import generate


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    return tmp_path


def write(folder: Path) -> None:
    (folder / "made").mkdir()
    (folder / "made" / "one").write_text("1")


GENERATOR = generate.Generator("numbers", write, ("made/*",))


@pytest.mark.parametrize(
    ("there", "differing"),
    [({"one": "1"}, []), ({"one": "2"}, ["made/one"]), ({}, ["made/one"]), ({"one": "1", "old": "0"}, ["made/old"])],
    ids=["current", "changed", "missing", "no longer made"],
)
def test_what_differs_is_named_and_then_put_right(there: dict[str, str], differing: list[str], root: Path) -> None:
    (root / "made").mkdir()
    for name, text in there.items():
        (root / "made" / name).write_text(text)
    assert [str(path) for path in generate.run(GENERATOR, write=False)] == differing
    assert {path.name: path.read_text() for path in root.glob("made/*")} == there
    generate.run(GENERATOR, write=True)
    assert {path.name: path.read_text() for path in root.glob("made/*")} == {"one": "1"}
