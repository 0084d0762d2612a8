"""Names out of names."""

import pytest

from control_plane.litellm_import.resource_name import ResourceNames, is_name, slug


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("gpt-5", "gpt-5"),
        ("GPT 5", "gpt-5"),
        ("meta/Llama-3.3", "meta-llama-3.3"),
        ("--", "unnamed"),
        ("", "unnamed"),
        ("äöü", "unnamed"),
        ("x" * 80, "x" * 63),
        ("a." * 60, "a." * 31 + "a"),
    ],
)
def test_the_nearest_valid_name_is_taken(given: str, name: str) -> None:
    assert slug(given) == name
    assert is_name(name)


def test_names_never_collide_and_are_always_the_same() -> None:
    given = ["GPT-5", "gpt 5", "gpt-5", "gpt/5", "gpt_5", "x" * 70, "x" * 71, "", "!"]

    def named() -> list[str]:
        names = ResourceNames()
        names.reserve(given)
        return [names.name(each) for each in given]

    found = named()
    assert len(set(found)) == len(given)
    assert all(map(is_name, found))
    assert found[2] == "gpt-5"  # what is valid stays as it is, wherever it stands
    assert named() == found
    names = ResourceNames()
    assert names.name("a b") == names.name("a b") == "a-b"
