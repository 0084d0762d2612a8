"""Official SDKs through a running gateway to fake providers: nothing that has passed may be lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.conformance import PAGE, page
from tests.fakes.matrix import run_all, run_some
from tests.fakes.matrix_client import CLIENTS, NEWEST
from tests.fakes.matrix_judge import FAIL
from tests.fakes.matrix_provider import COLUMNS
from tests.fakes.matrix_record import GOLDEN, lost, read
from tests.fakes.matrix_scenarios import SCENARIOS

# One of each kind; the long test has them all.
SHORT = (
    "text, streamed",
    "system prompt",
    "PDF",
    "length",
    "cached tokens",
    "parallel tools, streamed",
    "tool choice: one",
    "JSON schema",
    "reasoning with tools, streamed",
    "error 429 with Retry-After",
    "stream cut short",
)


async def test_what_passed_of_the_newest_sdks_passes_still(tmp_path: Path) -> None:
    columns = [column for column in COLUMNS if not column.of]

    verdicts, _ = await run_some(
        tmp_path, [CLIENTS[name] for name in NEWEST], columns, [SCENARIOS[name] for name in SHORT]
    )

    before, _ = read(GOLDEN.read_text())
    assert lost(before, verdicts) == []
    assert set(verdicts) <= set(before), "make conformance"


@pytest.mark.long
async def test_what_passed_passes_still(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    verdicts, versions = await run_all(tmp_path)

    before, before_versions = read(GOLDEN.read_text())
    words = [verdict.word for verdict in verdicts.values()]
    for word in sorted(set(words) - {"-"}):
        record_property(word, words.count(word))
    assert lost(before, verdicts) == []
    assert set(verdicts) == set(before), "make conformance"
    assert versions == before_versions, "make conformance"


def test_the_page_says_what_was_found() -> None:
    assert PAGE.read_text() == page(*read(GOLDEN.read_text())), "make conformance"


def test_nothing_fails() -> None:
    verdicts, _ = read(GOLDEN.read_text())
    assert [cell for cell, verdict in verdicts.items() if verdict.word == FAIL] == []
