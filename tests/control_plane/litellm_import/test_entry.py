"""Every key is accounted for, whatever it holds."""

from typing import Any

import pytest

from control_plane.litellm_import.entry import Entry, Explanation
from control_plane.litellm_import.finding import Finding

WHY = Explanation("NotMapped", "why", "what")


def entry(values: dict[str, Any]) -> Entry:
    return Entry(values, "here", [])


def test_what_nobody_took_is_listed_lists_item_by_item() -> None:
    found = entry({"a": 1, "b": 2, "c": [1, 2], "d": None, "e": False, "ssl_verify": False})
    assert found.take("a") == 1
    found.list_rest(lambda key: WHY)
    assert [(each.path, each.weight) for each in found.findings] == [
        ("here.b", "NotMapped"),
        ("here.c[0]", "NotMapped"),
        ("here.c[1]", "NotMapped"),
        ("here.e", "NotNeeded"),
        ("here.ssl_verify", "NotMapped"),
    ]


@pytest.mark.parametrize(
    ("take", "value", "taken"),
    [
        ("text", "x", "x"),
        ("text", 3, "3"),
        ("text", None, None),
        ("text", "", None),
        ("number", 2, 2.0),
        ("number", "2.5", 2.5),
        ("flag", True, True),
        ("flag", "False", False),
        ("items", [1], [("here.key[0]", 1)]),
        ("items", None, []),
    ],
)
def test_values_are_taken_as_litellm_takes_them(take: str, value: object, taken: object) -> None:
    found = entry({"key": value})
    assert getattr(found, take)("key") == taken
    assert found.findings == []


@pytest.mark.parametrize(
    ("take", "value"),
    [
        ("text", True),
        ("text", []),
        ("number", True),
        ("number", "soon"),
        ("number", 10**30),
        ("number", 10**400),
        ("number", "inf"),
        ("number", "nan"),
        ("number", {}),
        ("flag", "perhaps"),
        ("flag", 1),
        ("items", {}),
        ("entries", "x"),
        ("entries", ["x"]),
    ],
)
def test_a_value_of_another_type_is_listed(take: str, value: object) -> None:
    found = entry({"key": value})
    assert not getattr(found, take)("key")
    assert [each.weight for each in found.findings] == ["NotMapped"]


def test_a_wrong_mapping_is_an_empty_one() -> None:
    found = entry({"key": 1})
    assert found.entry("key").keys == ()
    assert found.findings == [Finding("here.key", "NotMapped", "it is not a mapping", "write a mapping")]


def test_own_values_go_before_those_below() -> None:
    found = entry({"a": 1, "b": None}).over({"a": 2, "b": 3})
    assert (found.take("a"), found.take("b")) == (1, 3)


def test_a_path_shows_the_beginning_of_a_long_key() -> None:
    assert len(entry({}).place("k" * 1000)) < 100
