"""Caps for single addresses: what is admitted, what is remembered, what it costs."""

import sys
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.limits.per_address import HALF, ConnectionCaps, ConnectionGuard, PerAddress, RequestRates
from data_plane.networks import NetworkSet

MIB = 1024 * 1024


def rate(per_second: int, burst: int) -> PerAddress:
    return PerAddress(0, 1 / per_second, (burst - 1) / per_second)


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("0.0.0.1", "0:0:0:1::", False),
    ],
)
def test_an_address_counts_for_its_network(one: str, other: str, are_one: bool) -> None:
    caps = rate(1, 1)

    assert (caps.key(one) == caps.key(other)) is are_one


def test_prefix_lengths_are_configured() -> None:
    caps = PerAddress(0, 1.0, 0.0, ipv4_prefix=24, ipv6_prefix=128)

    assert caps.key("192.0.2.1") == caps.key("192.0.2.200") != caps.key("192.0.3.1")
    assert caps.key("2001:db8::1") != caps.key("2001:db8::2")


@pytest.mark.parametrize("address", ["", "unknown", "10.0.0.1"], ids=["Unix socket", "no address", "exempt"])
def test_some_have_no_caps(address: str) -> None:
    assert PerAddress(1, 1.0, 0.0, exempt=NetworkSet(["10.0.0.0/8"])).key(address) is None


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    rates, caps = RequestRates(), rate(10, 3)

    assert [rates.take(1, 100.0, caps) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.1)]
    assert rates.take(1, 100.1, caps) == 0.0
    assert rates.take(1, 100.1, caps) == pytest.approx(0.1)
    assert rates.take(2, 100.1, caps) == 0.0


@given(st.integers(1, 50), st.integers(1, 20), st.lists(st.floats(0.0, 0.2), min_size=1, max_size=300))
def test_no_pattern_of_requests_gets_more_than_burst_and_rate(per_second: int, burst: int, gaps: list[float]) -> None:
    rates, caps, now = RequestRates(), rate(per_second, burst), 1000.0
    admitted = 0

    for gap in gaps:
        now += gap
        admitted += rates.take(1, now, caps) == 0.0

    assert admitted <= burst + ceil((now - 1000.0) * per_second)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(21, 100))
def test_who_waits_as_long_as_told_is_admitted(per_second: int, burst: int, requests: int) -> None:
    rates, caps = RequestRates(), rate(per_second, burst)
    for _ in range(requests):
        wait = rates.take(1, 1000.0, caps)

    assert rates.take(1, 1000.0 + wait + 1e-9, caps) == 0.0


def test_a_flood_of_addresses_takes_bounded_memory_and_does_not_free_the_one_that_floods() -> None:
    rates, caps = RequestRates(), rate(1, 1)
    rates.take(-1, 0.0, caps)

    for number in range(1_000_000):
        rates.take(number << 32, 0.0, caps)
        if number % 1000 == 0:
            assert rates.take(-1, 0.5, caps) > 0.0

    assert len(rates) <= 2 * HALF
    halves = (rates._young, rates._old)
    held = sum(
        sys.getsizeof(half) + sum(sys.getsizeof(key) + sys.getsizeof(half[key]) for key in half) for half in halves
    )
    assert held < 8 * MIB


class World:
    """A guard, and what is in force."""

    def __init__(self, connections: int) -> None:
        self.force(connections)
        self.refused: list[str] = []
        self.guard = ConnectionGuard(lambda: self.caps, self.refused.append)

    def force(self, connections: int, trusted: tuple[str, ...] = ()) -> None:
        self.caps: ConnectionCaps | None = ConnectionCaps(PerAddress(connections, 0.0, 0.0), NetworkSet(trusted))


def test_an_address_has_so_many_connections_at_the_same_time() -> None:
    world = World(2)

    assert [world.guard.opened(name, "192.0.2.1") for name in "abc"] == [True, True, False]
    assert world.guard.opened("d", "192.0.2.2")
    world.guard.closed("c")  # which was never counted
    assert not world.guard.opened("e", "192.0.2.1")
    world.guard.closed("a")
    assert world.guard.opened("f", "192.0.2.1")
    assert world.refused == ["192.0.2.1", "192.0.2.1"]


def test_a_question_counts_nothing() -> None:
    world = World(1)

    assert [world.guard.admits("192.0.2.1") for _ in range(3)] == [True] * 3
    assert world.guard.opened("a", "192.0.2.1")
    assert not world.guard.admits("192.0.2.1")
    assert world.refused == ["192.0.2.1"]


def test_trusted_proxies_have_as_many_as_they_like() -> None:
    world = World(1)
    world.force(1, ("10.0.0.0/8",))

    assert all(world.guard.opened(name, "10.0.0.1") for name in "abc")


def test_without_caps_nothing_is_counted() -> None:
    world = World(1)
    world.caps = None

    assert all(world.guard.opened(name, "192.0.2.1") for name in "abc")

    world.force(1)
    assert world.guard.opened("d", "192.0.2.1")
    assert not world.guard.opened("e", "192.0.2.1")


def test_what_was_counted_is_given_back_whatever_is_in_force_by_then() -> None:
    world = World(1)
    world.guard.opened("a", "192.0.2.1")
    world.caps = None
    world.guard.closed("a")
    world.force(1)

    assert world.guard.opened("b", "192.0.2.1")
