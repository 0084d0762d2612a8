"""JSON documents and streams of them, damaged value by value."""

import json
from collections.abc import Iterator
from typing import Any

WRONG_VALUES: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "x", [], {}, [{}])
DATA = b"data: "


def damages(whole: bytes) -> Iterator[bytes]:
    """The document, or the stream of Server-Sent Events, with each value removed or replaced by wrong ones."""
    is_stream = not whole.lstrip().startswith((b"{", b"["))
    lines = whole.split(b"\n") if is_stream else [whole]
    for number, line in enumerate(lines):
        prefix = DATA if line.startswith(DATA) else b""
        try:
            document = json.loads(line[len(prefix) :])
        except ValueError:
            continue
        for damaged in variants(document):
            yield b"\n".join([*lines[:number], prefix + json.dumps(damaged).encode(), *lines[number + 1 :]])


def variants(value: Any) -> Iterator[Any]:
    """The value with one part of it removed or replaced."""
    yield from (wrong for wrong in WRONG_VALUES if wrong != value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {other: each for other, each in value.items() if other != key}
            yield from ({**value, key: variant} for variant in variants(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value[:index] + value[index + 1 :]
            yield from ([*value[:index], variant, *value[index + 1 :]] for variant in variants(inner))
