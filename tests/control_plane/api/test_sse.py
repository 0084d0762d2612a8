"""The buffer between what happens and one client."""

from control_plane.api.sse import Outbox, ServerEvent


def event(number: int) -> ServerEvent:
    return ServerEvent("added", {"n": number}, number)


def test_an_event_is_framed() -> None:
    assert event(7).encode() == b'event: added\nid: 7\ndata: {"n":7}\n\n'


async def test_events_come_in_order_and_then_the_end() -> None:
    outbox = Outbox()
    outbox.put(event(1))
    outbox.put(event(2))
    outbox.end()
    assert [await outbox.next(1) for _ in range(3)] == [event(1), event(2), None]


async def test_a_slow_reader_gets_what_fits_and_an_error() -> None:
    outbox = Outbox(size=1)
    for number in (1, 2, 3):
        outbox.put(event(number))
    assert outbox.has_ended
    assert await outbox.next(1) == event(1)
    last = await outbox.next(1)
    assert last
    assert (last.name, last.data["code"]) == ("error", "too_slow")
    assert await outbox.next(1) is None


async def test_nothing_in_time_is_none() -> None:
    assert await Outbox().next(0.001) is None
