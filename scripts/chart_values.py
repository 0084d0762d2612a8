"""What `values.yaml` says about each value, as the table in the chart's README.

A value is explained by the comment behind it, or by the one right above it. What is written in one line, or is a list,
is one value.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

BEGIN = "<!-- values: begin -->"
END = "<!-- values: end -->"
LONG = 60  # characters; what is longer is better read in the file


@dataclass(frozen=True, slots=True)
class Value:
    """`default` is None for a group of values."""

    path: str
    default: str | None
    meaning: str


def values_of(text: str) -> list[Value]:
    """All values and groups of a values file, in its order."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(document, yaml.MappingNode)
    return list(_below(document, "", text.splitlines()))


def with_table(readme: str, values: str) -> str:
    """The README with the table of now between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{_table(values_of(values))}{END}{after}"


def _below(node: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        meaning = _comment(key, value, lines)
        if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
            if meaning:
                yield Value(path, None, meaning)
            yield from _below(value, f"{path}.", lines)
        else:
            yield Value(path, _default(value), meaning)


def _comment(key: yaml.Node, value: yaml.Node, lines: list[str]) -> str:
    line = key.start_mark.line
    is_on_one_line = value.end_mark.line == line
    behind = lines[line][value.end_mark.column if is_on_one_line else key.end_mark.column :].partition("# ")[2].strip()
    if behind:
        return behind
    above: list[str] = []
    while line and lines[line - 1].startswith(" " * key.start_mark.column + "# "):
        line -= 1
        above.insert(0, lines[line].strip().removeprefix("# ").strip())
    return " ".join(above)


def _default(node: yaml.Node) -> str:
    text = json.dumps(yaml.SafeLoader("").construct_document(node))
    return text if len(text) <= LONG else "see values.yaml"


def _table(values: list[Value]) -> str:
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for each in values:
        default = "" if each.default is None else f"`{each.default}`"
        name = f"**`{each.path}`**" if each.default is None else f"`{each.path}`"
        lines.append(f"| {name} | {default} | {each.meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"
