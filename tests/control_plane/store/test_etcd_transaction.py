"""Transactions whose answers are lost: made once, and reported truly."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

import pytest

from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import TRANSACT, Answer, Method, Request
from control_plane.etcd.settings import EtcdSettings
from control_plane.store.base import Compare, Delete, Put, Unavailable, Write
from control_plane.store.etcd import EtcdStore
from control_plane.store.etcd_transaction import transact
from tests.fakes.etcd_cluster import EtcdCluster

Interference = Callable[[], Coroutine[None, None, object]]


class LosingClient(EtcdClient):
    """Loses the answer to the first transaction, or the request; what another client does meanwhile comes first."""

    def __init__(self, settings: EtcdSettings, *, loses: str, meanwhile: Interference | None = None) -> None:
        super().__init__(settings)
        self._loses = loses
        self._meanwhile = meanwhile

    async def call(
        self, method: Method[Request, Answer], request: Request, *, once: bool = False, deadline: float | None = None
    ) -> Answer:
        if method.path != TRANSACT.path or not (loses := self._loses):
            return await super().call(method, request, once=once, deadline=deadline)
        self._loses = ""
        if loses == "answer":
            await super().call(method, request, once=once, deadline=deadline)
        if self._meanwhile:
            await self._meanwhile()
        raise EtcdError(Kind.UNAVAILABLE, "lost")


@pytest.fixture
async def store(etcd: EtcdCluster) -> AsyncIterator[EtcdStore]:
    store = EtcdStore(EtcdSettings(etcd.endpoints))
    yield store
    await store.close()


async def _transact(client: EtcdClient, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
    try:
        return await transact(client, compares, writes)
    finally:
        await client.close()


@pytest.mark.parametrize("loses", ["request", "answer"])
async def test_a_repeated_transaction_is_made_once(etcd: EtcdCluster, store: EtcdStore, loses: str) -> None:
    old = await store.transact([Compare("/old", 0)], [Put("/old", b"")])
    lease = await store.grant_lease(60)
    client = LosingClient(EtcdSettings(etcd.endpoints), loses=loses)
    revision = await _transact(client, [Compare("/a", 0)], [Put("/a", b"1"), Put("/b", b"2", lease), Delete("/old")])
    page = await store.list("/")
    assert [(entry.key, entry.revision) for entry in page.entries] == [("/a", revision), ("/b", revision)]
    assert (revision, page.revision) == (old + 1, old + 1)


@pytest.mark.parametrize("loses", ["request", "answer"])
async def test_what_another_wrote_meanwhile_is_not_taken_for_ours(
    etcd: EtcdCluster, store: EtcdStore, loses: str
) -> None:
    async def overwrite() -> None:
        entry = await store.get("/a")
        await store.transact([Compare("/a", entry.revision if entry else 0)], [Put("/a", b"other")])

    client = LosingClient(EtcdSettings(etcd.endpoints), loses=loses, meanwhile=overwrite)
    with pytest.raises(Unavailable, match="whether the transaction was made is unknown"):
        await _transact(client, [Compare("/a", 0)], [Put("/a", b"1")])


async def test_the_same_values_of_several_revisions_are_not_ours(etcd: EtcdCluster, store: EtcdStore) -> None:
    async def write_apart() -> None:
        for key in ("/a", "/b"):
            await store.transact([Compare(key, 0)], [Put(key, b"")])

    client = LosingClient(EtcdSettings(etcd.endpoints), loses="request", meanwhile=write_apart)
    with pytest.raises(Unavailable):
        await _transact(client, [Compare("/a", 0), Compare("/b", 0)], [Put("/a", b""), Put("/b", b"")])


async def test_the_same_value_under_another_lease_is_not_ours(etcd: EtcdCluster, store: EtcdStore) -> None:
    lease = await store.grant_lease(60)

    async def overtake() -> None:
        await store.transact([Compare("/leader", 0)], [Put("/leader", b"me", lease)])

    mine = await store.grant_lease(60)
    client = LosingClient(EtcdSettings(etcd.endpoints), loses="request", meanwhile=overtake)
    with pytest.raises(Unavailable):
        await _transact(client, [Compare("/leader", 0)], [Put("/leader", b"me", mine)])


@pytest.mark.parametrize(
    "compares",
    [[Compare("/other", 0)], [Compare("/a", None)]],
    ids=["compares another key", "compares no revision"],
)
async def test_what_could_be_made_twice_is_not_repeated(
    etcd: EtcdCluster, store: EtcdStore, compares: list[Compare]
) -> None:
    revision = await store.transact([Compare("/a", 0)], [Put("/a", b"0")])
    client = LosingClient(EtcdSettings(etcd.endpoints), loses="answer")
    with pytest.raises(EtcdError) as caught:
        await _transact(client, compares, [Put("/a", b"1")])
    assert caught.value.kind is Kind.UNAVAILABLE
    entry = await store.get("/a")
    assert entry is not None
    assert entry.revision == revision + 1


async def test_one_lost_transaction_does_not_hold_up_the_others(etcd: EtcdCluster, store: EtcdStore) -> None:
    client = LosingClient(EtcdSettings(etcd.endpoints), loses="answer")
    results = [transact(client, [Compare(f"/{i}", 0)], [Put(f"/{i}", b"")]) for i in range(20)]
    assert len(set(await asyncio.gather(*results))) == 20
    await client.close()
