"""The change log answers what changed since, as long as it remembers."""

from control_plane.distribution.change_log import PATH_BYTES, ChangeLog


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_paths_of_all_later_steps_are_named() -> None:
    log = ChangeLog(b"0", Clock())
    log.append(b"1", ["a"])
    log.append(b"2", ["b", "c"])
    assert [log.since(state) for state in (b"0", b"1", b"2", b"?")] == [{"a", "b", "c"}, {"b", "c"}, set(), None]


def test_a_state_that_came_twice_counts_from_the_last_time() -> None:
    log = ChangeLog(b"0", Clock())
    log.append(b"1", ["a"])
    log.append(b"0", ["a"])
    log.append(b"2", ["b"])
    assert (log.since(b"0"), log.since(b"1")) == ({"b"}, {"a", "b"})


def test_old_steps_are_forgotten_but_never_the_newest() -> None:
    clock = Clock()
    log = ChangeLog(b"0", clock, kept_seconds=10)
    log.append(b"1", ["a"])
    clock.now = 11.0
    log.append(b"2", ["b"])
    clock.now = 100.0
    assert [log.since(state) for state in (b"0", b"1", b"2")] == [None, None, set()]


def test_too_many_bytes_are_forgotten() -> None:
    log = ChangeLog(b"0", Clock(), kept_bytes=2 * (PATH_BYTES + 1))
    for number in range(1, 5):
        log.append(str(number).encode(), ["a"])
    assert [log.since(str(number).encode()) is None for number in range(5)] == [True, True, False, False, False]


def test_forgetting_an_earlier_time_of_a_state_keeps_the_later_one() -> None:
    clock = Clock()
    log = ChangeLog(b"0", clock, kept_seconds=10)
    log.append(b"1", ["a"])
    clock.now = 9.0
    log.append(b"0", ["a"])
    clock.now = 12.0
    log.append(b"2", ["b"])
    assert (log.since(b"0"), log.since(b"1")) == ({"b"}, None)
