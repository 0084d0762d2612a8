"""The chart's README tells of every value what its file says."""

import json
from pathlib import Path

import pytest
import yaml

from scripts.chart_values import values_of, with_table

CHART = Path(__file__).parents[2] / "charts" / "isthmus"
TEXT = """\
# About the file.

# Which way.
mode: "a # b" # here | there
group: # of things
  size: 1 # in bytes
  # What goes
  # where.
  places: {a: [1], b: "x"}
  rules: # all of them
    - {one: 1}
  bare: []
"""


def test_values_are_told_with_what_stands_behind_or_above_them() -> None:
    assert [(each.path, each.default, each.meaning) for each in values_of(TEXT)] == [
        ("mode", '"a # b"', "here | there"),
        ("group", None, "of things"),
        ("group.size", "1", "in bytes"),
        ("group.places", '{"a": [1], "b": "x"}', "What goes where."),
        ("group.rules", '[{"one": 1}]', "all of them"),
        ("group.bare", "[]", ""),
    ]


def test_the_table_replaces_the_one_between_the_marks() -> None:
    readme = "Before.\n<!-- values: begin -->\nold\n<!-- values: end -->\nAfter.\n"
    made = with_table(readme, TEXT)
    assert made.startswith("Before.\n<!-- values: begin -->\n| value | default | meaning |\n")
    assert made.endswith("<!-- values: end -->\nAfter.\n")
    assert '| `mode` | `"a # b"` | here \\| there |\n' in made
    assert "old" not in made
    assert with_table(made, TEXT) == made


def leaves(values: object, prefix: str = "") -> list[str]:
    if isinstance(values, dict) and values:
        return [leaf for key, value in values.items() for leaf in leaves(value, f"{prefix}{key}.")]
    return [prefix.rstrip(".")]


def test_every_value_of_the_chart_is_explained() -> None:
    text = (CHART / "values.yaml").read_text()
    told = {each.path: each for each in values_of(text) if each.default is not None}
    assert [path for path, each in told.items() if not each.meaning] == []
    for leaf in leaves(yaml.safe_load(text)):
        assert any(leaf == path or leaf.startswith(f"{path}.") for path in told), leaf


@pytest.mark.parametrize("path", ["networkPolicy.egress", "monitoring.rules.thresholds.errorRatio", "gateway"])
def test_the_schema_knows_what_the_table_tells(path: str) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    for name in path.split("."):
        schema = schema["properties"][name]
    assert schema
    assert f"| `{path}` |" in (CHART / "README.md").read_text()
