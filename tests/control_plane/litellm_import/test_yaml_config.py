"""YAML as LiteLLM reads it, within bounds."""

import time

import pytest

from control_plane.litellm_import.finding import Unreadable
from control_plane.litellm_import.yaml_config import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, read_config


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: True\nb: no\n", {"a": True, "b": False}),
        ("version: 2024-10-21\n", {"version": "2024-10-21"}),
        ("at: 2024-10-21T10:00:00Z\n", {"at": "2024-10-21T10:00:00Z"}),
        ("base: &b {x: 1}\nuse: {<<: *b, y: 2}\n", {"base": {"x": 1}, "use": {"x": 1, "y": 2}}),
        ("base: &b {x: 1}\nuse: {<<: *b, x: 2}\n", {"base": {"x": 1}, "use": {"x": 2}}),
        ("1: one\n", {"1": "one"}),
        ("", {}),
        ("# nothing\n", {}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("rate: 1e-6\ncost: 0.00001\n", {"rate": "1e-6", "cost": 0.00001}),
    ],
    ids=[
        "booleans",
        "date",
        "time",
        "merge",
        "merge-overridden",
        "number-as-key",
        "empty",
        "comment",
        "bom",
        "numbers",
    ],
)
def test_a_file_is_read_as_litellm_reads_it(text: str, value: object) -> None:
    assert read_config(text.encode()) == value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: [", "not YAML"),
        (b"a: 1\na: 2\n", "the key 'a' is there twice in one mapping in line 2, column 1"),
        (b"- a\n", "no mapping"),
        (b"text", "no mapping"),
        (b"a: 1\n---\nb: 2\n", "not YAML: but found another document"),
        (b"a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        (b"a: !!set {b}\n", "YAML type set"),
        (b"a: !!binary aGk=\n", "YAML type bytes"),
        (b"a: .inf\n", "not finite"),
        (b"a: .nan\n", "not finite"),
        (b"a: *b\n", "no finished anchor"),
        (b"a: &a [*a]\n", "no finished anchor"),
        (b"{[1]: 2}\n", "a key must be text"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"a: \x01\n", "not YAML: it holds a character"),
        (b"a: !!int x\n", "not YAML: it holds a character or a number"),
        (b"#" * (MAX_BYTES + 1), "at most"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested more than"),
        (b"a: &a x\nb: [" + b"*a," * (MAX_ALIASES + 1) + b"]\n", "repeat too much"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:20],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(data: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_config(data)
    assert message in str(raised.value)


@pytest.mark.parametrize("way", ["[{}]", "{{<<: [{}]}}"], ids=["lists", "merges"])
def test_a_bomb_is_refused_before_it_goes_off(way: str) -> None:
    lines = ["a0: &a0 {k: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"]
    for level in range(1, 12):
        lines.append(f"a{level}: &a{level} " + way.format(", ".join([f"*a{level - 1}"] * 10)))
    began = time.process_time()
    with pytest.raises(Unreadable, match="repeat too much"):
        read_config("\n".join(lines).encode())
    assert time.process_time() - began < 1
