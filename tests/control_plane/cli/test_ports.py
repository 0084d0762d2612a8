"""Choosing TCP ports."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from control_plane.cli.errors import CliError
from control_plane.cli.ports import choose

NOBODY = 65534


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_given_port_is_taken(free: int) -> None:
    taken: set[int] = set()
    assert choose(free, 1, taken, option="--port") == free
    assert taken == {free}


def test_a_given_port_that_is_in_use_is_refused_with_the_option_to_change(busy: int) -> None:
    with pytest.raises(CliError) as raised:
        choose(busy, 1, set(), option="--admin-port")
    assert raised.value.message == (f"port {busy} is in use; stop what uses it or give another with --admin-port")


def test_a_given_port_that_only_root_may_use_is_refused() -> None:
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(CliError, match="port 1 cannot be used: Permission denied; give another with --port"):
            choose(1, 1, set(), option="--port")
    finally:
        os.seteuid(user)


def test_the_usual_port_is_preferred_and_any_other_is_used_instead(free: int, busy: int) -> None:
    assert choose(None, free, set(), option="") == free
    assert choose(None, busy, set(), option="") not in (0, busy)
    assert choose(None, free, {free}, option="") not in (0, free)


def test_no_port_is_chosen_twice() -> None:
    taken: set[int] = set()
    chosen = [choose(None, 0, taken, option="") for _ in range(50)]
    assert len(set(chosen)) == 50


def test_a_port_that_another_run_has_chosen_is_not_chosen_before_it_listens(free: int) -> None:
    choice = (
        "from control_plane.cli.ports import choose; print(choose(None, {}, set(), option=''), flush=True); input()"
    )
    argv = [sys.executable, "-c", choice.format(free)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == free
        assert choose(None, free, set(), option="") != free
        with pytest.raises(CliError, match=f"port {free} is in use"):
            choose(free, 1, set(), option="--port")
        other.communicate("\n", timeout=10)
    assert choose(None, free, set(), option="") == free
