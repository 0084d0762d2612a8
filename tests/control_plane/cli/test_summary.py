"""What a line says of a resource."""

from typing import Any

import pytest
from hypothesis import given

from control_plane.cli.summary import condition, row, summary
from tests.fakes.resources import documents


@given(documents())
def test_every_valid_resource_has_a_line(document: dict[str, Any]) -> None:
    cells = row(document)
    assert cells[:2] == (document["metadata"]["tenant"], document["metadata"]["name"])
    assert isinstance(cells[-1], str)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"kind": "Model", "spec": {"versions": [{"name": "a", "weight": 9}, {"name": "b"}]}}, "a=9, b=1"),
        ({"kind": "Route", "spec": {"models": {}}}, "models"),
        ({"kind": "Route", "spec": {"serviceRef": {"name": "s"}}}, "service s"),
        ({"kind": "Credential", "spec": {"applicationRef": {"name": "shop"}, "state": "Revoked"}}, "shop Revoked"),
        ({"kind": "Secret", "spec": {"data": {"value": "sk-1"}}}, "value"),
        ({"kind": "Team", "spec": {"displayName": "Red"}}, "Red"),
        ({"kind": "Team"}, ""),
    ],
    ids=["model", "models", "service", "credential", "secret", "team", "bare"],
)
def test_a_summary_says_what_the_kind_is_about(document: dict[str, Any], expected: str) -> None:
    assert summary(document) == expected


@pytest.mark.parametrize(
    ("conditions", "word"),
    [
        ([("True", "Valid"), ("True", "Programmed")], "Programmed"),
        ([("True", "Valid"), ("False", "NotFound"), ("False", "Pending")], "NotFound"),
        ([("True", "Valid"), ("Unknown", "NoReplicas")], "NoReplicas"),
    ],
    ids=["well", "the first that does not hold", "unknown"],
)
def test_conditions_are_one_word(conditions: list[tuple[str, str]], word: str) -> None:
    shown = [{"status": status, "reason": reason} for status, reason in conditions]
    assert condition({"status": {"conditions": shown}}) == word
