"""Writers at the same time: neither's work is lost, and nothing refers to what is gone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from control_plane.errors import InUse, Invalid, RevisionConflict, WriteConflict
from control_plane.store.changes import Action, Change
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import (
    ACTOR,
    ControlPlane,
    change,
    control_plane,
    credential,
    document,
    model,
    provider,
    route,
)


class RacingStore(MemoryStore):
    """Lets another writer in before a transaction, so many times."""

    def __init__(self) -> None:
        super().__init__()
        self.rivals: list[dict[str, Any]] = []
        self.plane: ControlPlane | None = None

    async def transact(self, compares: Any, writes: Any) -> int:
        if self.plane and self.rivals:
            rival = self.rivals.pop(0)
            rivals, self.rivals = self.rivals, []
            if rival["spec"] == "delete":
                await self.plane.delete(rival["kind"], rival["metadata"]["name"])
            else:
                await self.plane.apply(rival)
            self.rivals = rivals
        return await super().transact(compares, writes)


@pytest.fixture
async def racing() -> AsyncIterator[ControlPlane]:
    store = RacingStore()
    async with control_plane(store) as services:
        store.plane = services
        yield services


def let_in(plane: ControlPlane, *rivals: dict[str, Any]) -> None:
    assert isinstance(plane.store, RacingStore)
    plane.store.rivals = list(rivals)


async def test_a_lost_race_is_run_again_and_neither_write_is_lost(racing: ControlPlane) -> None:
    await racing.apply(document("Team", "a"))
    let_in(racing, document("Team", "a", {"displayName": "rival"}))
    patch = Change(Action.PATCH, "Team", "default", "a", {"metadata": {"labels": {"x": "y"}}})
    await racing.resources.write([patch], actor=ACTOR)
    found = await racing.resources.get("Team", "default", "a")
    assert (found.model_dump()["spec"]["displayName"], found.metadata.labels) == ("rival", {"x": "y"})


async def test_a_race_with_an_expected_revision_is_lost_at_once(racing: ControlPlane) -> None:
    revision = (await racing.apply(document("Team", "a"))).revision
    let_in(racing, document("Team", "a", {"displayName": "rival"}))
    with pytest.raises(RevisionConflict):
        mine = change(document("Team", "a", {"displayName": "mine"}), expected_revision=revision)
        await racing.resources.write([mine], actor=ACTOR)


async def test_whoever_always_loses_is_told(racing: ControlPlane) -> None:
    let_in(racing, *(document("Team", "a", {"displayName": str(number)}) for number in range(20)))
    with pytest.raises(WriteConflict):
        await racing.apply(document("Team", "a", {"displayName": "mine"}))


@pytest.mark.parametrize("is_known", [True, False], ids=["the index knows it", "the index is behind"])
async def test_a_reference_made_while_its_target_is_deleted_is_refused(racing: ControlPlane, is_known: bool) -> None:
    made = await racing.apply(provider())
    await racing.index.wait_for(made.revision if is_known else 0)
    let_in(racing, {**provider(), "spec": "delete"})
    with pytest.raises(Invalid, match="Provider 'openai' does not exist"):
        await racing.apply(model())


async def test_a_deletion_while_a_reference_is_made_is_refused(racing: ControlPlane) -> None:
    await racing.apply(provider())
    let_in(racing, model())
    with pytest.raises(InUse):
        await racing.delete("Provider", "openai")


@pytest.mark.parametrize("rivals", [(model("a", aliases=["x"]), model("b", aliases=["x"])), (route("a"), route("b"))])
async def test_of_two_that_claim_the_same_at_once_one_is_refused(
    racing: ControlPlane, rivals: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    await racing.apply(provider())
    let_in(racing, rivals[0])
    with pytest.raises(Invalid, match="already has"):
        await racing.apply(rivals[1])


async def test_of_two_credentials_with_one_key_at_once_one_is_refused(racing: ControlPlane) -> None:
    await racing.apply(document("Application", "app"))
    let_in(racing, credential("a"))
    with pytest.raises(Invalid, match="another Credential"):
        await racing.apply(credential("b"))
