"""Two releases side by side: an upgrade and a rollback, process by process, under load.

The earlier release is the newest of the schema version before ours (`tests/golden/releases`). Of Kubernetes this shows
what its processes do, not its scheduling: a replica is taken out of the balancer before SIGTERM, as by `preStop`.
"""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config_schemas.version import SCHEMA_VERSION
from control_plane.cli.errors import CliError
from control_plane.cli.etcd_binary import EtcdBinary
from tests.fakes.fleet import Fleet, FleetReplica, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.release import Release
from tests.fakes.sdk_load import SdkLoad

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
OLD = SCHEMA_VERSION - 1
ORDERS = {
    "control planes first": ("cp-1", "cp-2", "replica-1", "replica-2"),
    "replicas first": ("replica-1", "replica-2", "cp-1", "cp-2"),
}
NEWER_FIELD = document(
    "acme/Provider/noted",
    {"type": "OpenAICompatible", "baseUrl": "http://127.0.0.1:9/v1", "region": "eu", "auth": {"type": "None"}},
)
INVALID_WITHOUT = document(  # without its newer field the route leads nowhere
    "acme/Route/away", {"matches": [{"path": {"value": "/away"}}], "providerRef": {"name": "alpha"}}
)
NEWER_KIND = document("acme/CatalogEntry/own", {"model": {"value": "own"}, "pricing": "Free"})

KIND_PATH, FIELD_PATH, INVALID_PATH = (
    f"/v1/tenants/acme/{path}" for path in ("catalogentries/own", "providers/noted", "routes/away")
)


class Rolling:
    """A fleet whose processes change their release one by one, and what holds at each step."""

    def __init__(self, fleet: Fleet, load: SdkLoad, old: Release) -> None:
        self.fleet = fleet
        self.load = load
        self._old = old
        self._weights = 0

    async def change(self, name: str, *, old: bool) -> None:
        """Replace one process by that of the other release."""
        release = self._old if old else None
        for control_plane in self.fleet.control_planes:
            if control_plane.name == name:
                await control_plane.stop()
                control_plane.release = release
                control_plane.spawn()
                await self.fleet.until(control_plane.is_ready, f"{name} is not ready")
        for index, replica in enumerate(self.fleet.replicas):
            if replica.node == name:
                await self.load.leave_out(index)
                await self.restart(replica, release)
                self.load.take_in(index)
        await self.fleet.until(self._is_settled, f"not all replicas settled after {name} had changed")

    async def _is_settled(self) -> bool:
        answer = await self.fleet.call("GET", "/v1/replicas")
        states = {each["node"]: each["state"] for each in answer["items"] if each["state"] != "Disconnected"}
        return len(states) == len(self.fleet.replicas) and set(states.values()) <= {"Current", "Quarantining"}

    async def restart(self, replica: FleetReplica, release: Release | None) -> None:
        """End a replica and start it as of the given release; None: ours."""
        replica.signal(signal.SIGTERM)
        assert await replica.wait_end() == 0
        replica.release = release
        replica.spawn_connected()
        await replica.wait_ready()

    async def check(self) -> None:
        """A change through either control plane reaches every replica, and nobody notices more than the change."""
        for through in range(len(self.fleet.control_planes)):
            self._weights += 1
            name = ("alpha", "beta")[self._weights % 2]
            spec = model_spec({"alpha": int(name == "alpha"), "beta": int(name == "beta")})
            body = {"documents": [document("acme/Model/chat", spec)]}
            written = await self.fleet.call("POST", "/v1/batch", body, through=through)
            await self.fleet.wait_current(written["revision"])
            seen = len(self.load.answers)
            await self.load.more(2)
            late = self.load.answers[seen:]
            assert {answer.version for answer in late if answer.replica not in self.load.left_out} >= {name}
        assert self.load.failures == []

    async def refusal(self, *documents: dict[str, object], through: int = 0, allow_skew: bool = False) -> str:
        """Why a write is refused; empty: it is not."""
        body = {"documents": list(documents), "allowSkew": allow_skew}
        try:
            await self.fleet.call("POST", "/v1/batch", body, through=through)
        except CliError as error:
            return " ".join((error.message, *error.details))
        return ""

    async def programmed(self, path: str, reason: str = "ReplicaTooOld") -> tuple[str, str]:
        """Status and reason of the condition, as soon as it has this reason; else what it stays at."""
        condition: dict[str, str] = {}

        async def has_reason() -> bool:
            resource = await self.fleet.call("GET", path)
            condition.update(next(each for each in resource["status"]["conditions"] if each["type"] == "Programmed"))
            return condition["reason"] == reason

        await self.fleet.until(has_reason, f"{path} did not become {reason}")
        return condition["status"], condition["reason"]


@pytest.fixture
async def rolling(
    etcd_binary: EtcdBinary, tmp_path: Path, alpha: ModelServer, beta: ModelServer
) -> AsyncIterator[Rolling]:
    """All of the old release, with load."""
    fleet = Fleet(etcd_binary, tmp_path, etcd=1, control_planes=2, replicas=2)
    old = Release(OLD, tmp_path)
    for control_plane in fleet.control_planes:
        control_plane.release = old
    for replica in fleet.replicas:
        replica.release = old
    try:
        fleet.spawn()
        await fleet.wait_ready()
        upstreams = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
        await fleet.apply(*tenant_documents("acme", upstreams, {"alpha": 1, "beta": 0}))
        key, _ = await fleet.make_key("acme", "app")
        async with SdkLoad([f"{replica.url}/acme/v1" for replica in fleet.replicas], key) as load:
            yield Rolling(fleet, load, old)
            assert load.failures == []
    finally:
        fleet.end()


@pytest.mark.parametrize("order", ORDERS)
async def test_an_upgrade_and_a_rollback_fail_no_request(rolling: Rolling, order: str) -> None:
    names = ORDERS[order]
    await rolling.check()
    for name in names:
        await rolling.change(name, old=False)
        await rolling.check()
    for name in reversed(names):
        await rolling.change(name, old=True)
        await rolling.check()


async def test_what_an_older_one_cannot_read_is_refused_marked_and_found_before_a_rollback(rolling: Rolling) -> None:
    assert "must be one of" in await rolling.refusal(NEWER_KIND)  # by the old release itself
    await rolling.change("cp-1", old=False)
    why = await rolling.refusal(NEWER_FIELD)
    assert f"schema version {SCHEMA_VERSION}" in why and "'replica-1'" in why

    assert await rolling.refusal(NEWER_KIND, NEWER_FIELD, INVALID_WITHOUT, allow_skew=True) == ""
    assert await rolling.programmed(KIND_PATH) == ("False", "ReplicaTooOld")
    assert await rolling.programmed(FIELD_PATH) == ("False", "ReplicaTooOld")
    assert await rolling.programmed(INVALID_PATH, "Quarantined") == ("False", "Quarantined")

    for name in ("cp-2", "replica-1", "replica-2"):
        await rolling.change(name, old=False)
    for path in (KIND_PATH, FIELD_PATH, INVALID_PATH):
        assert await rolling.programmed(path, "Accepted") == ("True", "Accepted")
    assert await rolling.refusal({**NEWER_FIELD, "metadata": {"name": "noted-too", "tenant": "acme"}}) == ""

    found = await rolling.fleet.isthmus("downgrade-check", "--schema-version", str(OLD))
    assert all(f"acme/{name}" in found for name in ("CatalogEntry/own", "Provider/noted", "Route/away"))
    for path in (KIND_PATH, FIELD_PATH, f"{FIELD_PATH}-too", INVALID_PATH):
        await rolling.fleet.call("DELETE", path)
    assert "can read everything" in await rolling.fleet.isthmus("downgrade-check", "--schema-version", str(OLD))
    for name in reversed(ORDERS["control planes first"]):
        await rolling.change(name, old=True)
    await rolling.check()


async def test_a_newer_replica_starts_from_what_the_older_one_kept(rolling: Rolling) -> None:
    await rolling.load.more(2)
    last_good = rolling.fleet.replicas[0].data_dir / "last-good"
    await rolling.fleet.until(lambda: exists(last_good), "nothing was kept")
    for control_plane in rolling.fleet.control_planes:
        control_plane.kill()
    await rolling.load.leave_out(0)
    await rolling.restart(rolling.fleet.replicas[0], None)
    rolling.load.take_in(0)
    await rolling.load.more(5)


async def exists(file: Path) -> bool:
    return file.exists()
