"""Recorded answers in, usage out: whole, byte by byte, cut short, and damaged value by value.

A golden is a folder `<api>/<operation>/<case>` with the recorded body (`body.sse` or `body.json`) and what is found in
it (`usage.json`; without this file nothing is), written by hand from the provider's documentation.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from pytest import mark, param

from data_plane.codecs.usage_meter import find_meter
from data_plane.usage import Usage

FOLDER = Path(__file__).parent / "usage"
CASES = sorted(path.parent for path in FOLDER.glob("*/*/*/body.*"))
WRONG_VALUES: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "x", [], {}, [{}])


def body(case: Path) -> bytes:
    return next(case.glob("body.*")).read_bytes()


def measure(case: Path, pieces: list[bytes]) -> Usage | None:
    operation, api = case.parent.name, case.parent.parent.name
    meter = find_meter(api, operation)
    assert meter is not None
    for piece in pieces:
        meter.feed(piece)
    return meter.usage()


def expected(case: Path) -> Usage | None:
    path = case / "usage.json"
    return msgspec.json.decode(path.read_bytes(), type=Usage) if path.exists() else None


def name(case: Path) -> str:
    return str(case.relative_to(FOLDER))


ALL = [param(case, id=name(case)) for case in CASES]


@mark.parametrize("case", ALL)
def test_usage_is_found_in_a_whole_body(case: Path) -> None:
    assert measure(case, [body(case)]) == expected(case)


@mark.parametrize("case", ALL)
def test_usage_is_found_byte_by_byte(case: Path) -> None:
    assert measure(case, [bytes([each]) for each in body(case)]) == expected(case)


@mark.parametrize("case", ALL)
def test_a_body_cut_short_raises_nothing(case: Path) -> None:
    whole = body(case)
    for end in range(0, len(whole), 7):
        assert_plausible(measure(case, [whole[:end]]))


@mark.parametrize("case", ALL)
def test_a_damaged_body_raises_nothing(case: Path) -> None:
    count = 0
    for damaged in damages(body(case)):
        count += 1
        assert_plausible(measure(case, [damaged]))
    assert count > 20


@mark.parametrize("case", ALL)
def test_what_comes_before_does_not_matter(case: Path) -> None:
    if case.parent.parent.name == "anthropic":
        return  # its streams tell half of usage at the start
    text = json.dumps('{"usage": {"prompt_tokens": 7}, "usageMetadata": {"promptTokenCount": 7}}').encode()
    padding = (b"data: " + text + b"\n\n") * 1000

    assert measure(case, [padding, body(case)]) == expected(case)
    pieces = [padding[start : start + 1000] for start in range(0, len(padding), 1000)]
    assert measure(case, [*pieces, body(case)]) == expected(case)


def assert_plausible(usage: Usage | None) -> None:
    """Whatever the upstream says, no bucket is negative or something else than a number."""
    if usage is not None:
        for count in msgspec.structs.astuple(usage):
            assert type(count) is int
            assert count >= 0


def damages(whole: bytes) -> Iterator[bytes]:
    """The body with each JSON value removed, or replaced by wrong ones."""
    is_stream = not whole.lstrip().startswith((b"{", b"["))
    lines = whole.split(b"\n") if is_stream else [whole]
    for number, line in enumerate(lines):
        prefix = b"data: " if line.startswith(b"data: ") else b""
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
