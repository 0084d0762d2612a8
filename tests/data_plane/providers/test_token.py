"""A token is fetched once for all who wait, anew before it ends, and served for as long as it holds."""

import asyncio
import gc
import logging
from asyncio import Future
from weakref import ref

from pytest import LogCaptureFixture, mark, param, raises

from data_plane import tasks
from data_plane.errors import ProviderAuthFailed
from data_plane.providers.token import Issued, TokenFailure, TokenSource
from data_plane.tasks import spawn
from tests.fakes.virtual_clock import VirtualClock


class Issuer:
    """Each fetch waits for what the test lets it have."""

    def __init__(self) -> None:
        self.asked: list[Future[Issued[str]]] = []

    async def fetch(self) -> Issued[str]:
        future: Future[Issued[str]] = asyncio.get_running_loop().create_future()
        self.asked.append(future)
        return await future

    async def give(self, value: str, lifetime: float = 1000.0) -> None:
        self.asked[-1].set_result(Issued(value, lifetime))
        await settle()

    async def fail(self, reason: str = "it is down") -> None:
        self.asked[-1].set_exception(TokenFailure(reason))
        await settle()


def world(fetch_seconds: float = 10.0) -> tuple[TokenSource[str], Issuer, VirtualClock]:
    issuer, time = Issuer(), VirtualClock()
    return TokenSource("a test", issuer.fetch, time.clock, fetch_seconds), issuer, time


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def begun(lifetime: float = 1000.0) -> tuple[TokenSource[str], Issuer, VirtualClock]:
    """With a first token."""
    source, issuer, time = world()
    assert source.current() is None
    await settle()
    await issuer.give("first", lifetime)
    assert source.current() == "first"
    return source, issuer, time


async def test_one_fetch_serves_all_who_wait() -> None:
    source, issuer, _ = world()
    waiting = [spawn(source.ready()) for _ in range(1000)]
    await settle()
    assert [source.current() for _ in range(1000)] == [None] * 1000

    await issuer.give("first")

    await asyncio.gather(*waiting)
    assert (source.current(), len(issuer.asked), source.generation) == ("first", 1, 1)


async def test_who_stops_waiting_stops_nobody_else() -> None:
    source, issuer, _ = world()
    leaving, staying = (spawn(source.ready()) for _ in range(2))
    await settle()

    leaving.cancel()
    await settle()
    await issuer.give("first")

    await staying
    assert leaving.cancelled()
    assert len(issuer.asked) == 1


@mark.parametrize("chance, fraction", [(0.0, 0.75), (0.5, 0.80), (1.0, 0.85)])
async def test_the_next_token_is_fetched_before_the_end_at_a_moment_that_varies(chance: float, fraction: float) -> None:
    source, issuer, time = world()
    time.chance = chance
    source.current()
    await settle()
    await issuer.give("first")

    time.go_on(1000 * fraction - 0.1)
    assert (source.current(), len(issuer.asked)) == ("first", 1)
    time.go_on(0.2)
    assert source.current() == "first"
    await settle()
    assert len(issuer.asked) == 2

    assert [source.current() for _ in range(100)] == ["first"] * 100  # nobody waits meanwhile
    await issuer.give("second")
    assert (source.current(), source.generation, len(issuer.asked)) == ("second", 2, 2)


async def test_nobody_asks_so_nothing_is_fetched() -> None:
    _, issuer, time = await begun()

    time.go_on(10_000)
    await settle()

    assert len(issuer.asked) == 1


async def test_a_token_is_served_while_it_holds_though_the_next_cannot_be_had() -> None:
    source, issuer, time = await begun()
    time.go_on(900)
    for _ in range(3):
        assert source.current() == "first"
        await settle()
        await issuer.fail()
        time.go_on(29)
    assert source.current() == "first"
    await settle()

    time.go_on(1000 - 900 - 87)
    await issuer.fail()

    with raises(ProviderAuthFailed):
        source.current()


async def test_pauses_between_failures_grow_and_are_bounded() -> None:
    source, issuer, time = world()
    pauses = []
    for _ in range(9):
        source.current()
        await settle()
        await issuer.fail()
        began, count = time.now, len(issuer.asked)
        while len(issuer.asked) == count:
            try:
                source.current()
            except ProviderAuthFailed:
                time.go_on(0.25)
            await settle()
        pauses.append(time.now - began)

    assert pauses == [0.75, 1.5, 3, 6, 12, 22.5, 22.5, 22.5, 22.5]  # three quarters, since chance is one half


async def test_who_waits_is_told_of_the_failure_and_nothing_internal() -> None:
    source, issuer, _ = world()
    waiting = spawn(source.ready())
    await settle()

    await issuer.fail("'internal.example' answered 500")

    with raises(ProviderAuthFailed) as caught:
        await waiting
    assert caught.value.status == 502
    assert "operator" in caught.value.message
    assert "internal.example" not in caught.value.message


async def test_a_failure_is_logged_once_until_it_changes_or_ends(caplog: LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    source, issuer, time = world()
    for reason in ("down", "down", "down", "other"):
        source.current()
        await settle()
        await issuer.fail(reason)
        time.go_on(60)
    source.current()
    await settle()
    await issuer.give("first")

    assert [record.getMessage() for record in caplog.records] == [
        "provider_token_failed from=a test reason='down'",
        "provider_token_failed from=a test reason='other'",
        "provider_token_fetched from=a test after_failures=4",
    ]


async def test_what_a_library_raises_is_a_failure_whose_text_is_not_logged(caplog: LogCaptureFixture) -> None:
    source, issuer, _ = world()
    source.current()
    await settle()

    issuer.asked[0].set_exception(RuntimeError("hunter2"))
    await settle()

    with raises(ProviderAuthFailed):
        source.current()
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_fetch_has_a_deadline(caplog: LogCaptureFixture) -> None:
    source, issuer, _ = world(fetch_seconds=0.01)

    with raises(ProviderAuthFailed):
        await source.ready()

    assert issuer.asked[0].cancelled()
    assert "no answer within 0.01 seconds" in caplog.text


@mark.parametrize("lifetime", [0.0, -1.0])
async def test_a_token_that_has_ended_is_none(lifetime: float, caplog: LogCaptureFixture) -> None:
    source, issuer, _ = world()
    source.current()
    await settle()

    await issuer.give("first", lifetime)

    with raises(ProviderAuthFailed):
        source.current()
    assert "compare the clocks" in caplog.text


@mark.parametrize(
    "lifetime, margin",
    [param(1000.0, 10.0, id="ten seconds"), param(10.0, 0.5, id="a twentieth of a short life")],
)
async def test_a_token_is_not_sent_so_late_that_it_would_arrive_after_its_end(lifetime: float, margin: float) -> None:
    source, _, time = await begun(lifetime)

    time.go_on(lifetime - margin - 0.01)
    assert source.current() == "first"
    time.go_on(0.02)
    assert source.current() is None


async def test_the_time_that_a_fetch_takes_counts_as_life() -> None:
    source, issuer, time = world()
    source.current()
    await settle()
    time.go_on(8)

    await issuer.give("first", 100.0)

    time.go_on(100 - 8 - 5 + 0.01)
    assert source.current() is None


async def test_a_refused_token_is_replaced_once() -> None:
    source, issuer, time = await begun()

    assert source.invalidate(1)
    assert source.invalidate(1)  # by another request that had it too
    assert source.current() is None
    await settle()
    await issuer.give("second")
    assert (source.current(), len(issuer.asked)) == ("second", 2)
    assert source.invalidate(1)  # late: there is another one already
    assert source.current() == "second"

    assert not source.invalidate(2)  # the new one too: it is not the token's fault
    assert source.current() == "second"
    time.go_on(301)
    assert source.invalidate(2)
    assert source.current() is None


async def test_a_refused_token_is_served_again_while_no_other_can_be_had() -> None:
    source, issuer, time = await begun()
    assert source.invalidate(1)
    assert source.current() is None
    await settle()

    await issuer.fail()

    assert source.current() == "first"  # it may have been refused for what was asked
    assert not source.invalidate(1)
    time.go_on(1)
    assert source.invalidate(1)
    assert source.current() is None
    await settle()
    await issuer.give("second")
    assert (source.current(), len(issuer.asked)) == ("second", 3)


async def test_a_refused_token_is_not_served_after_its_end() -> None:
    source, issuer, time = await begun()
    source.invalidate(1)
    source.current()
    await settle()
    time.go_on(1000)

    await issuer.fail()

    with raises(ProviderAuthFailed):
        source.current()


async def test_after_a_refused_one_the_next_token_is_sought_though_nobody_refuses_again() -> None:
    source, issuer, time = await begun()
    source.invalidate(1)
    source.current()
    await settle()
    await issuer.fail()

    time.go_on(1)
    assert source.current() == "first"
    await settle()

    assert len(issuer.asked) == 3


async def test_a_worker_that_stops_waits_no_longer_than_it_wants_and_the_loop_ends_what_is_left() -> None:
    source, issuer, _ = world()
    waiting = spawn(source.ready())
    await settle()

    await tasks.wait_for_all(0.01)
    waiting.cancel()
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        each.cancel()
    await settle()

    assert issuer.asked[0].cancelled()


async def test_a_source_that_nobody_uses_any_more_is_gone() -> None:
    source, issuer, time = await begun()
    time.go_on(900)
    source.current()
    await settle()
    await issuer.give("second")
    watched = ref(issuer)

    del source, issuer
    gc.collect()

    assert watched() is None
