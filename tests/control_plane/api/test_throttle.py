"""Failed attempts by address."""

from control_plane.api.throttle import MAX_FAILURES, MAX_PEERS, REFILL_SECONDS, Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_attempts_are_refused_after_so_many_failures_and_allowed_again_with_time() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(MAX_FAILURES):
        assert throttle.wait_seconds("a") == 0
        throttle.fail("a")
    assert throttle.wait_seconds("a") == REFILL_SECONDS
    assert throttle.wait_seconds("b") == 0
    clock.now += REFILL_SECONDS
    assert throttle.wait_seconds("a") == 0


def test_only_so_many_addresses_are_remembered() -> None:
    throttle = Throttle(Clock())
    for _ in range(MAX_FAILURES):
        throttle.fail("first")
    for number in range(MAX_PEERS):
        throttle.fail(str(number))
    assert throttle.wait_seconds("first") == 0
