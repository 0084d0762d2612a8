"""The drill of docs/backup.md: etcd's data is lost, and put back, while callers notice nothing."""

import asyncio
import base64
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from control_plane.backup.restore import Restores
from control_plane.cli.errors import CliError
from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.etcd.settings import EtcdSettings
from control_plane.identity.actor import Actor
from control_plane.secrets.sealer import Sealer, read_key_file
from control_plane.store.etcd import EtcdStore
from control_plane.store.keys import RESTORE_KEY
from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.probe import CHAT, ask, lag
from tests.fakes.sdk_load import SdkLoad

ETCDCTL_SECONDS = 20


@pytest.fixture(scope="module")
def fleet(etcd_binary: EtcdBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One of this module's own: its etcd is destroyed."""
    running = Fleet(etcd_binary, tmp_path_factory.mktemp("drill"), etcd=1, control_planes=1, replicas=2)
    try:
        running.spawn()
        with ThreadPoolExecutor(1) as pool:  # this thread may have a loop already
            pool.submit(asyncio.run, running.wait_ready()).result()
        yield running
    finally:
        running.end()


class Tenant:
    """A tenant with traffic: what its model answers with says which configuration a replica serves."""

    def __init__(self, fleet: Fleet, name: str, alpha: ModelServer, beta: ModelServer) -> None:
        self._fleet = fleet
        self._name = name
        self._urls = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
        self.key = ""

    async def set_up(self) -> None:
        await self._fleet.apply(*tenant_documents(self._name, self._urls, {"alpha": 1, "beta": 0}))
        self.key, _ = await self._fleet.make_key(self._name, "app")

    def chat(self, replica: int) -> str:
        return f"{self._fleet.replicas[replica].url}/{self._name}/v1/chat/completions"

    def load(self) -> SdkLoad:
        return SdkLoad([f"{replica.url}/{self._name}/v1" for replica in self._fleet.replicas], self.key)

    async def switch_to(self, version: str) -> None:
        """Have replicas answer with another version, which must take no longer than changes do."""
        weights = {"alpha": 0, "beta": 0} | {version: 1}
        await self._fleet.call(
            "PUT", f"/v1/tenants/{self._name}/models/chat", document(f"{self._name}/Model/chat", model_spec(weights))
        )
        await self.answers(version)

    async def answers(self, version: str) -> None:
        """Wait until all replicas answer with it."""
        now = time.monotonic()
        replicas = range(len(self._fleet.replicas))
        await asyncio.gather(
            *(lag(self.chat(each), self.key, now, status=200, body=CHAT, version=version) for each in replicas)
        )


def stop(fleet: Fleet) -> None:
    """No control plane and no etcd are left."""
    for control_plane in fleet.control_planes:
        control_plane.kill()
    fleet.etcd.kill_all()


async def start(fleet: Fleet) -> None:
    """etcd and control planes; replicas are not waited for, as they may refuse what they are offered."""
    if fleet.etcd.members[0].pid is None:
        fleet.etcd.spawn_all()
        await fleet.etcd.wait_all_ready()
    for control_plane in fleet.control_planes:
        control_plane.spawn()
    for control_plane in fleet.control_planes:
        await fleet.until(control_plane.is_ready, f"{control_plane.name} is not ready")


async def all_refuse(fleet: Fleet, since: dict[str, float]) -> None:
    """Wait until each replica has met the store and refused it."""

    async def have_refused() -> bool:
        return all([refused > since.get(node, 0) for node, refused in (await refusals(fleet)).items()])

    await fleet.until(have_refused, "a replica has not refused the other store")


async def refusals(fleet: Fleet) -> dict[str, float]:
    return {each.node: await each.metric("isthmus_discovery_refused_epochs_total") for each in fleet.replicas}


@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
async def test_a_store_that_is_lost_is_restored_while_callers_notice_nothing(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, tmp_path: Path, rounds: int
) -> None:
    tenant = Tenant(fleet, f"lost-{rounds}", alpha, beta)
    await tenant.set_up()
    async with tenant.load() as load:
        for number in range(rounds):
            backup = tmp_path / f"backup-{number}"
            await fleet.isthmus("export", "--sealed", str(backup))
            before = await refusals(fleet)
            stop(fleet)
            shutil.rmtree(fleet.folder / "etcd" / "n0")
            await start(fleet)
            await all_refuse(fleet, before)
            printed = await fleet.isthmus("restore", str(backup))
            assert "restored; epoch" in printed, printed
            await fleet.wait_current()
            assert (await fleet.call("GET", "/v1/status"))["epoch"] in printed
            assert (await ask(tenant.chat(0), tenant.key, CHAT)).status == 200
            await tenant.switch_to("beta" if number % 2 == 0 else "alpha")
            await load.more(5)
    assert load.failures == []


async def test_a_store_that_is_put_back_from_etcds_snapshot_is_taken_when_that_is_said(
    fleet: Fleet, etcd_binary: EtcdBinary, alpha: ModelServer, beta: ModelServer, tmp_path: Path
) -> None:
    tenant = Tenant(fleet, "back", alpha, beta)
    await tenant.set_up()
    async with tenant.load() as load:
        await load.more(5)
        snapshot = tmp_path / "etcd.db"
        etcdctl(etcd_binary, "--endpoints", fleet.etcd.endpoints[0], "snapshot", "save", str(snapshot))
        for version in ("beta", "alpha", "beta"):
            await tenant.switch_to(version)
        stop(fleet)
        put_back(fleet, etcd_binary, snapshot)
        await start(fleet)
        await load.more(5)
        assert {answer.version for answer in load.answers[-10:]} == {"beta"}  # what came after the snapshot
        assert "announced" in await fleet.isthmus("restore", "--accept")
        await fleet.wait_current()
        await tenant.answers("alpha")
        await load.more(5)
    assert load.failures == []


async def test_while_a_restore_is_under_way_nothing_else_is_written(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer
) -> None:
    tenant = Tenant(fleet, "fenced", alpha, beta)
    await tenant.set_up()
    key = base64.b64encode(RESTORE_KEY.encode()).decode()
    await fleet.etcd.call("/v3/kv/put", {"key": key, "value": base64.b64encode(b"{}").decode()})
    try:
        for method, path, body in (
            ("PUT", "/v1/tenants/fenced/teams/new", document("fenced/Team/new")),
            ("POST", "/v1/tokens", {"scopes": ["read"]}),
        ):
            with pytest.raises(CliError, match="a restore is being applied"):
                await fleet.call(method, path, body)
        assert (await ask(tenant.chat(0), tenant.key, CHAT)).status == 200
    finally:
        await fleet.etcd.call("/v3/kv/deleterange", {"key": key})
    await tenant.switch_to("beta")


@pytest.mark.long  # it compares with the store every half a minute
@pytest.mark.timeout(120)
async def test_a_control_plane_that_is_left_running_ends_when_its_store_went_back(
    fleet: Fleet, etcd_binary: EtcdBinary, alpha: ModelServer, beta: ModelServer, tmp_path: Path
) -> None:
    tenant = Tenant(fleet, "running", alpha, beta)
    await tenant.set_up()
    snapshot = tmp_path / "etcd.db"
    etcdctl(etcd_binary, "--endpoints", fleet.etcd.endpoints[0], "snapshot", "save", str(snapshot))
    for version in ("beta", "alpha", "beta"):
        await tenant.switch_to(version)
    fleet.etcd.kill_all()
    put_back(fleet, etcd_binary, snapshot)
    fleet.etcd.spawn_all()
    (control_plane,) = fleet.control_planes

    async def has_ended() -> bool:
        return control_plane.has_ended()

    await fleet.until(has_ended, "the control plane has not noticed")
    assert "etcd's revision went back" in control_plane.log_file.read_text()
    await tenant.answers("beta")
    await start(fleet)
    await fleet.isthmus("restore", "--accept")
    await fleet.wait_current()
    await tenant.answers("alpha")


@pytest.mark.long  # a leader that died is followed when its lease ends
async def test_a_restore_of_which_no_control_plane_is_left_is_finished_by_the_next(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, tmp_path: Path
) -> None:
    tenant = Tenant(fleet, "left", alpha, beta)
    await tenant.set_up()
    backup = tmp_path / "backup"
    await fleet.isthmus("export", "--sealed", str(backup))
    await tenant.switch_to("beta")
    for control_plane in fleet.control_planes:
        control_plane.kill()
    sealer = Sealer(read_key_file(fleet.folder / "master-keys"))
    store = EtcdStore(EtcdSettings(fleet.etcd.endpoints))
    try:
        restores = Restores(store, sealer, lambda: datetime.now(UTC))
        with backup.open("rb") as file:
            begun = await restores.restore(file, Actor("system/test"), accept=True, dry_run=False)
        assert begun.state == "Applying"
        await start(fleet)
        assert (await restores.status()).state == "Finished"
    finally:
        await store.close()
    await tenant.answers("alpha")


async def test_new_replicas_start_without_any_control_plane(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, tmp_path: Path
) -> None:
    tenant = Tenant(fleet, "new", alpha, beta)
    await tenant.set_up()
    snapshot = tmp_path / "snapshot"
    await fleet.isthmus("snapshot", "--gateway", "default", "--output", str(snapshot))
    stop(fleet)
    try:
        async with serving(snapshot) as url:
            spawned = time.monotonic()
            added = [(fleet.new_replica(), location) for location in (str(snapshot), url)]
            for replica, location in added:
                replica.spawn_connected("--bootstrap-snapshot", location, "--bootstrap-wait-seconds", "0.5")
            for replica, _ in added:
                await replica.wait_ready()
                number = fleet.replicas.index(replica)
                await lag(tenant.chat(number), tenant.key, spawned, status=200, body=CHAT, version="alpha")
                assert (await replica.wait_for(lambda status: status["ready"]))["bootstrapSnapshot"] is True
                assert await replica.metric("isthmus_bootstrap_snapshot_served") == 1
    finally:
        await start(fleet)
    for replica, _ in added:
        await replica.wait_for(lambda status: status["ready"] and not status["bootstrapSnapshot"])


def etcdctl(binary: EtcdBinary, *arguments: str) -> None:
    command = [str(binary.path.with_name("etcdctl")), *arguments]
    environment = {**os.environ, "ETCDCTL_API": "3"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=ETCDCTL_SECONDS)


def put_back(fleet: Fleet, binary: EtcdBinary, snapshot: Path) -> None:
    """A new data directory for etcd's one member, out of a snapshot."""
    folder, member = fleet.folder / "etcd" / "n0", fleet.etcd.members[0]
    shutil.rmtree(folder)
    etcdctl(
        binary,
        *("snapshot", "restore", str(snapshot), "--data-dir", str(folder), "--name", "n0"),
        *("--initial-cluster", f"n0={member.peer_url}", "--initial-advertise-peer-urls", member.peer_url),
    )


@contextlib.asynccontextmanager
async def serving(file: Path) -> AsyncIterator[str]:
    """A file at a URL."""
    app = web.Application()

    async def answer(_: web.Request) -> web.FileResponse:
        return web.FileResponse(file)

    app.router.add_get("/snapshot", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/snapshot"
    finally:
        await runner.cleanup()
