"""Notes of a release are made from its fragments."""

import pytest

from scripts.release_notes import FRAGMENTS, TITLES, notes


def test_what_may_ask_something_of_the_reader_comes_first() -> None:
    fragments = {"b.added.md": "B is\nnew.\n", "a.added.md": "A is new.\n", "c.security.md": "C is mended.\n"}
    assert notes(fragments) == "## Security\n\n- C is mended.\n\n## Added\n\n- A is new.\n- B is new.\n"


@pytest.mark.parametrize("name", ["a.md", "a.new.md", "a.b.added.md"])
def test_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' must be"):
        notes({name: "text"})


def test_every_fragment_is_in_the_notes() -> None:
    fragments = {path.name: path.read_text() for path in FRAGMENTS.glob("*.md") if path.name != "README.md"}
    made = notes(fragments)
    assert made.count("\n- ") == len(fragments)
    assert set(made.splitlines()) & {f"## {title}" for title in TITLES.values()}
