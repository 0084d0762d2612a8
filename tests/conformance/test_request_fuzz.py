"""Random requests: whatever we accept, aiohttp reads in the same way, and what we send on is the same request again.

A case that breaks a rule belongs into `corpus/request/`, cut down by `python -m tests.conformance.shrink`.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data_plane.deadlines import Deadlines
from data_plane.ingress.head_table import HeadTable
from tests.conformance.generator import Generator
from tests.conformance.oracle import Oracle
from tests.conformance.request_rules import FAULTS, Broken, Rules
from tests.conformance.test_client_side import GROUPS

CORPUS = sorted((Path(__file__).parent / "corpus" / "request").glob("*"))
SEEDS = [case.data for cases in GROUPS.values() for case in cases if len(case.data) < 3000]
LONG_SECONDS = 180.0


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    oracle = Oracle()
    yield oracle
    oracle.close()


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_case_of_the_corpus_keeps_the_rules(file: Path, oracle: Oracle) -> None:
    data = file.read_bytes()
    rules = Rules(oracle, HeadTable(Deadlines()))
    for _ in range(3):  # by then its head is known
        rules.check([data])
        rules.check([data[at : at + 1] for at in range(len(data))])


@pytest.mark.parametrize(
    ("count", "seed"),
    [(10_000, 1), pytest.param(1_500_000, 2, marks=[pytest.mark.long, pytest.mark.timeout(400)])],
    ids=["short", "long"],
)
def test_what_we_accept_is_read_the_same_by_others(
    count: int, seed: int, oracle: Oracle, record_property: Callable[[str, object], None]
) -> None:
    generator, rules = Generator(seed, SEEDS), Rules(oracle, HeadTable(Deadlines()))
    ends, number = time.monotonic() + LONG_SECONDS, 0
    for number in range(count):
        data = generator.requests()
        for _ in range(1 if number % 8 else 3):  # a head is recognised from its third time on
            pieces = generator.pieces(data)
            try:
                rules.check(pieces)
            except FAULTS as fault:
                raise Broken(f"case {number} of seed {seed}: {pieces!r}: {fault!r}") from fault
        if not number & 1023 and time.monotonic() > ends:
            break
    record_property("inputs", number + 1)
    record_property("with a request that is accepted", rules.accepted)
    assert rules.accepted > number / 10 and rules.refused > number / 10
