"""Random responses: whatever we relay, aiohttp's client reads in the same way, and what we write is it once more.

A case that breaks a rule belongs into `corpus/response/`, cut down by `python -m tests.conformance.shrink`.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.answer_cases import CASES
from tests.conformance.generator import Generator
from tests.conformance.oracle import Oracle
from tests.conformance.request_rules import FAULTS, Broken
from tests.conformance.response_rules import ResponseRules

CORPUS = sorted((Path(__file__).parent / "corpus" / "response").glob("*"))
SEEDS = [case.data for case in CASES if len(case.data) < 3000]
METHODS = (b"GET", b"GET", b"POST", b"HEAD")
LONG_SECONDS = 120.0


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    oracle = Oracle()
    yield oracle
    oracle.close()


@pytest.mark.parametrize("ends", [True, False], ids=["closes", "stays open"])
@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_case_of_the_corpus_keeps_the_rules(file: Path, ends: bool, oracle: Oracle) -> None:
    data = file.read_bytes()
    for method in METHODS:
        ResponseRules(oracle).check([data], method, ends=ends)
        ResponseRules(oracle).check([data[at : at + 1] for at in range(len(data))], method, ends=ends)


@pytest.mark.parametrize(
    ("count", "seed"),
    [(10_000, 3), pytest.param(1_000_000, 4, marks=[pytest.mark.long, pytest.mark.timeout(400)])],
    ids=["short", "long"],
)
def test_what_we_relay_is_read_the_same_by_others(
    count: int, seed: int, oracle: Oracle, record_property: Callable[[str, object], None]
) -> None:
    generator, rules = Generator(seed, SEEDS), ResponseRules(oracle)
    ends, number = time.monotonic() + LONG_SECONDS, 0
    for number in range(count):
        pieces, method = generator.pieces(generator.responses()), METHODS[number % len(METHODS)]
        try:
            rules.check(pieces, method, ends=bool(number & 4))
        except FAULTS as fault:
            raise Broken(f"case {number} of seed {seed}: {method!r}: {pieces!r}: {fault!r}") from fault
        if not number & 1023 and time.monotonic() > ends:
            break
    record_property("inputs", number + 1)
    record_property("with a response that is accepted", rules.accepted)
    assert rules.accepted > number / 10 and rules.refused > number / 10
