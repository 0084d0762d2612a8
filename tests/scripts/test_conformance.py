"""The page of what works between clients and providers, and what it is written from."""

import pytest

from scripts.conformance import page
from tests.fakes.matrix import Cell
from tests.fakes.matrix_judge import Verdict
from tests.fakes.matrix_record import lost, read, to_json

CELL = ("openai-chat", "Gemini", "text")
STREAM = ("openai-chat", "Gemini", "text, streamed")
SEED = ("openai-chat", "Anthropic", "seed")
PASS, LOSSY, REFUSED, FAIL, ABSENT = (Verdict(word) for word in ("pass", "lossy", "refused", "fail", "-"))


def test_what_is_kept_is_what_was_found() -> None:
    verdicts = {CELL: PASS, SEED: Verdict("lossy", ("no `seed`",)), STREAM: ABSENT}
    assert read(to_json(verdicts, {"openai-chat": "3.0"})) == (verdicts, {"openai-chat": "3.0"})


def test_what_differs_from_run_to_run_is_not_kept() -> None:
    kept, _ = read(to_json({CELL: Verdict("fail", ("text 'Hi [matrix r17]' of msg_r170", "and more"))}, {}))
    assert kept[CELL].reasons == ("text 'Hi ...' of msg_r170; and more",)


@pytest.mark.parametrize(
    ("before", "now", "is_lost"),
    [
        (PASS, LOSSY, True),
        (PASS, REFUSED, True),
        (PASS, FAIL, True),
        (LOSSY, FAIL, True),
        (PASS, PASS, False),
        (FAIL, PASS, False),
        (REFUSED, LOSSY, False),
        (ABSENT, FAIL, False),
    ],
    ids=lambda each: each.word if isinstance(each, Verdict) else str(each),
)
def test_a_cell_is_lost_when_it_becomes_worse(before: Verdict, now: Verdict, is_lost: bool) -> None:
    assert bool(lost({CELL: before}, {CELL: now})) == is_lost


def test_a_new_cell_is_not_lost() -> None:
    assert lost({}, {CELL: FAIL}) == []


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({CELL: PASS, STREAM: PASS}, " pass |"),
        ({CELL: PASS, STREAM: FAIL}, " pass / **fail** |"),
        ({CELL: LOSSY}, " lossy |"),
    ],
    ids=["alike", "not alike", "no stream"],
)
def test_a_row_says_it_of_the_answer_and_of_its_stream(found: dict[Cell, Verdict], shown: str) -> None:
    row = next(line for line in page(found, {}).splitlines() if line.startswith("| text |"))
    assert shown in row


def test_a_reason_stands_once_with_all_its_places() -> None:
    refused = Verdict("refused", ("there is no `seed`",))
    other = ("openai-chat", "Bedrock", "seed")
    lines = page({SEED: refused, other: refused}, {}).splitlines()
    assert "- refused: there is no `seed`: seed (Anthropic, Bedrock)" in lines


def test_other_sdks_are_told_by_where_they_differ() -> None:
    old = ("openai-chat 1.x", "Gemini", "text")
    assert "- fail, not pass: text (Gemini)" in page({CELL: PASS, old: FAIL}, {}).splitlines()
