"""Long texts are counted beside the loop, in time, or not at all."""

import asyncio
from collections.abc import AsyncIterator

from pytest import MonkeyPatch, fixture, mark, raises

from data_plane.llm import bpe
from data_plane.llm.content import Message, Role, Text
from data_plane.llm.request import GenerateRequest
from data_plane.llm.token_estimate import count
from data_plane.llm.token_ratio import TokenRatios
from data_plane.token_counter import MAX_BYTES, MAX_WAITING, Cancelled, TokenCounter, count_in_thread

WORDS = "The quick brown fox jumps over the lazy dog, and déjà vu. "


@fixture
async def counter() -> AsyncIterator[TokenCounter]:
    counter = TokenCounter(TokenRatios())
    counter.prepare(("gpt-4o", "claude-x"))
    yield counter
    counter.close()


def asking(text: str) -> GenerateRequest:
    return GenerateRequest("openai-chat", "m", [Message(Role.USER, [Text(text)])])


@mark.parametrize("times", [1, 100, 20_000], ids=["short", "8 KiB", "1 MB"])
@mark.parametrize("model", ["gpt-4o", "claude-x"])
async def test_a_count_is_the_same_wherever_it_is_made(counter: TokenCounter, model: str, times: int) -> None:
    request = asking(WORDS * times)

    assert await counter.count(model, request) == count(model, request, counter.ratios)


async def test_the_loop_runs_on_while_a_long_text_is_counted(counter: TokenCounter) -> None:
    text = WORDS * 50_000
    beats = 0
    counting = asyncio.ensure_future(counter.count_off_loop("gpt-4o", (text,)))  # noqa: TID251 - a test's own task
    while not counting.done():
        beats += 1
        await asyncio.sleep(0)

    assert await counting == bpe.load(bpe.O200K).count(text)
    assert beats > 20


async def test_who_cannot_be_counted_in_time_is_estimated() -> None:
    counter = TokenCounter(TokenRatios(), timeout_seconds=0.0)
    request = asking(WORDS * 10_000)

    found = await counter.count("gpt-4o", request)

    assert found.is_estimate
    assert found.tokens == 6 + counter.ratios.estimate_input("gpt-4o", 4 + 60 * 10_000)
    counter.close()


def test_a_count_that_nobody_waits_for_ends_at_its_next_slice() -> None:
    slices = 0

    def stop_at_third() -> None:
        nonlocal slices
        slices += 1
        if slices == 3:
            raise Cancelled

    with raises(Cancelled):
        count_in_thread(bpe.O200K, (WORDS * 10_000,), stop_at_third)
    assert slices == 3


async def test_the_thread_is_free_again_after_a_count_was_given_up(counter: TokenCounter) -> None:
    counting = asyncio.ensure_future(counter.count_off_loop("gpt-4o", (WORDS * 60_000,)))  # noqa: TID251 - as above
    await asyncio.sleep(0)
    counting.cancel()
    await asyncio.gather(counting, return_exceptions=True)

    assert await counter.count_off_loop("gpt-4o", (WORDS * 200,)) == bpe.load(bpe.O200K).count(WORDS * 200)


async def test_what_is_too_long_or_too_much_is_not_counted(counter: TokenCounter) -> None:
    assert await counter.count_off_loop("gpt-4o", ("a" * (MAX_BYTES + 1),)) is None

    many = [counter.count_off_loop("gpt-4o", (WORDS * 200,)) for _ in range(MAX_WAITING + 5)]
    found = await asyncio.gather(*many)
    assert found.count(None) == 5


async def test_an_answer_is_counted_or_estimated(counter: TokenCounter) -> None:
    assert await counter.count_output("gpt-4o", WORDS) == bpe.load(bpe.O200K).count(WORDS)
    assert await counter.count_output("claude-x", "a" * 1000) == 300


async def test_a_vocabulary_that_is_not_loaded_is_loaded_beside_the_loop(counter: TokenCounter) -> None:
    bpe._loaded.pop(bpe.CL100K, None)

    assert await counter.count_off_loop("gpt-4", ("hello world",)) == 2
    assert bpe.is_loaded(bpe.CL100K)


async def test_a_vocabulary_is_loaded_for_the_next_time(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "_loaded", {})
    counter = TokenCounter(TokenRatios())

    assert counter.count_now("gpt-4o", (WORDS,)) is None
    while not bpe.is_loaded(bpe.O200K):
        assert counter.count_now("gpt-4o", (WORDS,)) is None  # it is asked for once
        await asyncio.sleep(0.001)

    assert counter.count_now("gpt-4o", (WORDS,)) == bpe.load(bpe.O200K).count(WORDS)
    assert counter.count_now("claude-x", (WORDS,)) is None
    assert counter.count_now("gpt-4o", (WORDS * 1000,)) is None  # too long to stand still for
    counter.close()
