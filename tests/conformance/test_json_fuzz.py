"""Random JSON bodies: what we accept, Python's own parser reads with the same fields, each of them once."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from data_plane.codecs.json_fields import decode_fields
from data_plane.errors import BadRequest

NAMES = (
    '"model"',
    '"model"',
    '"messages"',
    '"stream"',
    '"a"',
    '"mod\\u0065l"',
    '"\\u006dodel"',
    '"é"',
    '""',
    '"a\\"b"',
    '"model "',
)
VALUES = (
    '"chat"',
    '"c\\u0068at"',
    "true",
    "null",
    "1",
    "-1.5e3",
    "[]",
    "{}",
    '{"model":"x"}',
    '[{"role":"user","content":"hi"}]',
)
ODD_VALUES = (
    "NaN",
    "Infinity",
    "01",
    "1.",
    "+1",
    ".5",
    "'a'",
    '"\\ud800"',
    '"\\x"',
    '"\n"',
    "tru",
    "1e999",
    "[1,]",
    "",
)
SPACES = ("",) * 30 + (" ", "\n", "\t", "\r\n", "\x0b", "\ufeff", "/**/")
TOKENS = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\x00",
    b"\xff",
    b"\xc0\xaf",
    b'"model":"x",',
    b" ",
    b"1",
    b"\xed\xa0\x80",
)


class Bodies:
    """Objects by the grammar, some of them damaged. Seeded."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def next(self) -> bytes:
        random = self._random
        between = ", " if random.random() < 0.3 else ","
        colon = ": " if random.random() < 0.3 else ":"
        fields = [self._pick(NAMES) + self._pick(SPACES) + colon + self._value() for _ in range(random.randint(0, 5))]
        data = (self._pick(SPACES) + "{" + between.join(fields) + "}" + self._pick(SPACES)).encode()
        while random.random() < 0.3:
            at = random.randint(0, len(data))
            data = data[:at] + random.choice(TOKENS) + data[at + random.randint(0, 2) :]
        return data

    def _pick(self, values: tuple[str, ...]) -> str:
        return values[int(self._random.random() * len(values))]

    def _value(self) -> str:
        return self._pick(ODD_VALUES if self._random.random() < 0.05 else VALUES)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {**dict(pairs), "": [name for name, _ in pairs]}  # all names of this level, as often as they stand there


def told(body: bytes) -> tuple[list[str], dict[str, Any]]:
    """Names at the top level, and the object as it is usually read."""
    names: list[str] = json.loads(body, object_pairs_hook=once)[""]
    return names, json.loads(body)


@pytest.mark.parametrize(
    "count",
    [10_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(300)])],
    ids=["short", "long"],
)
def test_a_body_that_we_accept_has_one_reading(count: int, record_property: Callable[[str, object], None]) -> None:
    bodies, accepted = Bodies(8), 0
    for _ in range(count):
        body = bodies.next()
        try:
            fields = decode_fields(body)
        except BadRequest:
            continue
        accepted += 1
        names, read = told(body)
        assert sorted(names) == sorted(fields), body
        sent_on = json.loads(msgspec.json.encode(fields))
        assert sent_on == read, body
    record_property("accepted", accepted)
    assert count / 10 < accepted < count
