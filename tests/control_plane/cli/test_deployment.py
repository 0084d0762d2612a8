"""When a rollout is over, and how."""

import pytest

from control_plane.cli.deployment import Applied, Rollout, State


def applied(state: State, *, is_changed: bool = True) -> Applied:
    return Applied(f"default/Team/{state.lower()}", "/", 1, is_changed, False, state, "because")


@pytest.mark.parametrize(
    ("resources", "is_done", "has_failed"),
    [
        pytest.param([applied("Programmed"), applied("NotServed"), applied("Changed")], True, False, id="all settled"),
        pytest.param([applied("Programmed"), applied("Waiting")], False, False, id="one is awaited"),
        pytest.param([applied("Failed"), applied("Waiting")], False, True, id="one of ours has failed"),
        pytest.param([applied("Failed", is_changed=False), applied("Waiting")], False, False, id="one failed before"),
        pytest.param([applied("Failed", is_changed=False), applied("Programmed")], False, True, id="only that is left"),
    ],
)
def test_what_was_broken_before_does_not_hide_what_becomes_of_the_rest(
    resources: list[Applied], is_done: bool, has_failed: bool
) -> None:
    rollout = Rollout(resources)
    assert (rollout.is_done, rollout.has_failed) == (is_done, has_failed)


def test_replicas_that_are_required_are_awaited_and_may_still_carry_what_none_does() -> None:
    rollout = Rollout([applied("NotServed")], required_replicas=2, replicas=1)
    assert not rollout.is_done
    assert [each.state for each in rollout.open()] == ["NotServed"]
    assert rollout.progress() == "1 of 1 in force on 1 replicas; 2 replicas are required"
    rollout.replicas = 2
    assert rollout.is_done
