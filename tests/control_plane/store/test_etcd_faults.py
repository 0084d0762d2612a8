"""The store over a real cluster whose members die, hang, lose their leader or their memory."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.etcd.settings import EtcdSettings
from control_plane.etcd.watch import KeyRange, watch
from control_plane.store.base import Compacted, Compare, Denied, Event, Put, Store, Unavailable
from control_plane.store.etcd import EtcdStore
from tests.fakes.etcd_cluster import EtcdCluster

FAILOVER_SECONDS = 5.0  # the bound of one operation
DEADLINE_SECONDS = 20.0
AUTH_FLAGS = ("--auth-token-ttl=2", "--bcrypt-cost=4")


@pytest.fixture
async def cluster(etcd_binary: EtcdBinary, tmp_path: Path) -> AsyncIterator[EtcdCluster]:
    async with EtcdCluster(etcd_binary, tmp_path, size=3) as cluster:
        yield cluster


@asynccontextmanager
async def _opened(settings: EtcdSettings) -> AsyncIterator[EtcdStore]:
    store = EtcdStore(settings)
    try:
        yield store
    finally:
        await store.close()


class Watcher:
    """Collects a watch's events in a task of its own."""

    def __init__(self, store: Store, prefix: str = "/", start_revision: int = 1) -> None:
        self.events: list[Event] = []
        self._batches = store.watch(prefix, start_revision=start_revision)
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def until(self, key: str) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while all(event.key != key for event in self.events):
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.02)  # of real processes

    async def _run(self) -> None:
        async for batch in self._batches:
            self.events.extend(batch.events)


async def _create(store: Store, key: str) -> int:
    return await store.transact([Compare(key, 0)], [Put(key, b"")])


async def _create_until_done(store: Store, key: str) -> None:
    """As a caller does: after an unknown outcome it looks again."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                if await store.get(key) is None:
                    await _create(store, key)
                return
            except Unavailable:
                continue


async def _kill_leader_under_writes(cluster: EtcdCluster, kills: int, writes: int) -> float:
    """Every write is acknowledged once and seen once; returns the longest stall."""
    stalls: list[float] = []
    async with _opened(EtcdSettings(cluster.endpoints)) as writer, _opened(EtcdSettings(cluster.endpoints)) as reader:
        watcher = Watcher(reader)
        for kill in range(kills):
            leader = await cluster.leader()
            for number in range(writes):
                if number == writes // 2:
                    cluster.kill(leader)
                began = time.monotonic()
                await _create(writer, f"/{kill}/{number}")
                stalls.append(time.monotonic() - began)
            cluster.spawn(leader)
            await cluster.wait_ready(leader)
        await watcher.until(f"/{kills - 1}/{writes - 1}")
        keys = [event.key for event in watcher.events]
        assert keys == [f"/{kill}/{number}" for kill in range(kills) for number in range(writes)]
        revisions = [event.revision for event in watcher.events]
        assert revisions == sorted(revisions)
    await watcher.task
    return max(stalls)


async def test_when_the_leader_is_killed_each_write_is_made_once_and_watched_once(cluster: EtcdCluster) -> None:
    assert await _kill_leader_under_writes(cluster, kills=1, writes=60) < FAILOVER_SECONDS


@pytest.mark.long
async def test_when_leaders_are_killed_again_and_again_each_write_is_made_once(cluster: EtcdCluster) -> None:
    assert await _kill_leader_under_writes(cluster, kills=6, writes=200) < FAILOVER_SECONDS


async def test_a_full_outage_is_reported_in_time_and_survived(cluster: EtcdCluster) -> None:
    async with _opened(EtcdSettings(cluster.endpoints, total_seconds=1.0)) as store:
        watcher = Watcher(store)
        await _create(store, "/before")
        await watcher.until("/before")
        cluster.kill_all()
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"no answer from etcd at http://127.0.0.1:\d+, .* check that it runs"):
            await store.get("/before")
        with pytest.raises(Unavailable):
            await _create(store, "/during")
        assert time.monotonic() - began < 3.0
        cluster.spawn_all()
        await cluster.wait_all_ready()
        await _create_until_done(store, "/after")
        await watcher.until("/after")
        assert [event.key for event in watcher.events] == ["/before", "/after"]


async def test_a_member_that_hangs_is_left(cluster: EtcdCluster) -> None:
    settings = EtcdSettings(cluster.endpoints)
    async with _opened(settings) as store:
        watcher = Watcher(store)
        await _create(store, "/before")
        await watcher.until("/before")
        asked = store._client._endpoints._current
        cluster.pause(asked)
        began = time.monotonic()
        await _create_until_done(store, "/after")
        await watcher.until("/after")
        assert time.monotonic() - began < FAILOVER_SECONDS
        assert store._client._endpoints._current != asked
        cluster.resume(asked)


async def test_a_member_without_the_others_answers_nothing_rather_than_old_data(cluster: EtcdCluster) -> None:
    leader = await cluster.leader()
    others = [index for index in range(3) if index != leader]
    alone, rest = cluster.endpoints[others[0]], (leader, others[1])
    async with _opened(EtcdSettings((alone,), total_seconds=1.5)) as store:
        await _create(store, "/before")
        for index in rest:
            cluster.pause(index)
        with pytest.raises(Unavailable):
            await store.get("/before")  # never an old answer
        for index in rest:
            cluster.resume(index)
        await _create_until_done(store, "/after")


async def test_what_was_compacted_while_the_watch_was_away_must_be_listed_again(
    etcd_binary: EtcdBinary, tmp_path: Path
) -> None:
    async with (
        EtcdCluster(etcd_binary, tmp_path) as cluster,
        _opened(EtcdSettings(cluster.endpoints)) as store,
        _opened(EtcdSettings(cluster.endpoints)) as writer,
    ):
        batches = store.watch("/", start_revision=1)
        first = await _create(writer, "/a")
        assert (await anext(batches)).revision == first
        cluster.kill(0)  # the watch sees it only when it is read again
        cluster.spawn(0)
        await cluster.wait_ready(0)
        for key in ("/b", "/c"):
            await _create_until_done(writer, key)
        page = await writer.list("/")
        await cluster.compact(page.revision)
        with pytest.raises(Compacted) as caught:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    await anext(batches)
        assert caught.value.revision == page.revision


async def test_with_tls_each_endpoint_is_checked_and_another_takes_over(
    etcd_binary: EtcdBinary, tmp_path: Path
) -> None:
    async with EtcdCluster(etcd_binary, tmp_path, size=3, tls=True) as cluster:
        assert cluster.tls
        tls = cluster.tls
        settings = EtcdSettings(cluster.endpoints, tls.ca_file, tls.cert_file, tls.key_file)
        async with _opened(settings) as store:
            watcher = Watcher(store)
            await _create(store, "/before")
            await watcher.until("/before")
            cluster.kill(await cluster.leader())
            await _create_until_done(store, "/after")
            await watcher.until("/after")
        for wrong in (
            replace(settings, cert_file=None, key_file=None),
            replace(settings, ca_file=None),
        ):
            async with _opened(replace(wrong, total_seconds=1.0)) as store:
                with pytest.raises(Unavailable):
                    await store.get("/before")


@pytest.fixture
async def guarded(etcd_binary: EtcdBinary, tmp_path: Path) -> AsyncIterator[EtcdCluster]:
    """A cluster that asks for a user; `isthmus` may do all below /isthmus/."""
    async with EtcdCluster(etcd_binary, tmp_path, flags=AUTH_FLAGS) as cluster:
        await _ask_for_users(cluster)
        yield cluster


async def _ask_for_users(cluster: EtcdCluster) -> None:
    for user, password in (("root", "toor"), ("isthmus", "pass word")):
        await cluster.call("/v3/auth/role/add", {"name": user})
        await cluster.call("/v3/auth/user/add", {"name": user, "password": password})
        await cluster.call("/v3/auth/user/grant", {"user": user, "role": user})
    # base64 of "/isthmus/" and of "/isthmus0"
    permission = {"permType": "READWRITE", "key": "L2lzdGhtdXMv", "range_end": "L2lzdGhtdXMw"}
    await cluster.call("/v3/auth/role/grant", {"name": "isthmus", "perm": permission})
    await cluster.call("/v3/auth/enable", {})


async def test_a_token_that_etcd_forgot_is_renewed(guarded: EtcdCluster) -> None:
    settings = EtcdSettings(guarded.endpoints, username="isthmus", password="pass word")
    async with _opened(settings) as store, _opened(settings) as reader:
        watcher = Watcher(reader, "/isthmus/")
        lease = await store.grant_lease(60)
        await _create(store, "/isthmus/before")
        await watcher.until("/isthmus/before")
        guarded.kill(0)  # tokens are kept in memory only
        guarded.spawn(0)
        await guarded.wait_ready(0)
        await _create_until_done(store, "/isthmus/after")
        await watcher.until("/isthmus/after")
        assert await store.renew_lease(lease)
        await asyncio.sleep(3)  # the token's own time, which only etcd can measure
        assert await store.get("/isthmus/after")


@pytest.mark.parametrize("token", ["abcdefghijklmnop.1", "abcdefghijklmnop.999999"], ids=["forgotten", "of the future"])
async def test_a_token_of_another_life_of_the_cluster_is_dropped(guarded: EtcdCluster, token: str) -> None:
    settings = EtcdSettings(guarded.endpoints, username="isthmus", password="pass word", call_seconds=0.5)
    async with _opened(settings) as store, _opened(settings) as reader:
        store._client._token = reader._client._token = token
        watcher = Watcher(reader, "/isthmus/")
        await _create_until_done(store, "/isthmus/a")
        await watcher.until("/isthmus/a")


@pytest.mark.parametrize(
    ("username", "password", "key"),
    [
        ("isthmus", "se-cret", "/isthmus/a"),
        ("nobody", "se-cret", "/isthmus/a"),
        ("isthmus", "pass word", "/elsewhere"),
        ("", "", "/isthmus/a"),
    ],
    ids=["wrong password", "unknown user", "no permission", "no user"],
)
async def test_who_may_not_is_denied_at_once_and_no_password_is_told(
    guarded: EtcdCluster, username: str, password: str, key: str
) -> None:
    async with _opened(EtcdSettings(guarded.endpoints, username=username, password=password)) as store:
        for attempt in (store.get(key), _create(store, key), anext(store.watch(key, start_revision=1))):
            with pytest.raises(Denied) as caught:
                async with asyncio.timeout(FAILOVER_SECONDS):
                    await attempt
            cause: BaseException | None = caught.value
            while cause:
                assert "se-cret" not in repr(cause)
                cause = cause.__cause__


async def test_a_user_is_no_hindrance_where_etcd_asks_for_none(etcd: EtcdCluster) -> None:
    async with _opened(EtcdSettings(etcd.endpoints, username="isthmus", password="pass word")) as store:
        await _create(store, "/a")
        assert await store.get("/a")


async def test_that_etcd_begins_to_ask_for_users_is_no_hindrance_either(
    etcd_binary: EtcdBinary, tmp_path: Path
) -> None:
    async with EtcdCluster(etcd_binary, tmp_path, flags=AUTH_FLAGS) as cluster:
        settings = EtcdSettings(cluster.endpoints, username="isthmus", password="pass word")
        async with _opened(settings) as store:
            await _create(store, "/isthmus/before")
            await _ask_for_users(cluster)
            await _create(store, "/isthmus/after")


async def test_without_space_writes_are_refused_and_reads_go_on(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    async with (
        EtcdCluster(etcd_binary, tmp_path, flags=(f"--quota-backend-bytes={8 << 20}",)) as cluster,
        _opened(EtcdSettings(cluster.endpoints)) as store,
    ):
        with pytest.raises(Unavailable, match="compact and defragment"):
            for number in range(60):
                await store.transact([Compare(f"/{number}", 0)], [Put(f"/{number}", bytes(1 << 20))])
        assert await store.get("/0")


async def test_a_closed_watch_leaves_no_task_behind(etcd: EtcdCluster) -> None:
    before = asyncio.all_tasks()
    async with _opened(EtcdSettings(etcd.endpoints)) as store:
        watcher = Watcher(store, start_revision=await _create(store, "/a"))
        await watcher.until("/a")
        watcher.task.cancel()
        with suppress(asyncio.CancelledError):
            await watcher.task
    async with asyncio.timeout(DEADLINE_SECONDS):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0)


async def test_a_watch_closed_after_its_connection_died_leaves_no_task_behind(
    etcd_binary: EtcdBinary, tmp_path: Path
) -> None:
    before = asyncio.all_tasks()
    async with (
        EtcdCluster(etcd_binary, tmp_path) as cluster,
        _opened(EtcdSettings(cluster.endpoints)) as store,
    ):
        batches = watch(store._client, KeyRange(b"/", b"0"), start_revision=await _create(store, "/a"))
        await anext(batches)
        cluster.kill(0)
        with pytest.raises(Unavailable):
            await store.transact([Compare("/a", None)], [Put("/a", b"")])  # by now the connection is known to be gone
        await batches.aclose()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0)
