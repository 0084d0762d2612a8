"""Without control planes and etcd, replicas serve what they have, and start with it."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest

from control_plane.cli.errors import CliError
from tests.fakes.fleet import Fleet, FleetReplica, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.probe import CHAT, ask, lag
from tests.fakes.sdk_load import SdkLoad

BOUND_SECONDS = 1.0
START_SECONDS = 3.0
FAILOVER_SECONDS = 5.0


@pytest.mark.parametrize("seconds", [10.0, pytest.param(60.0, marks=[pytest.mark.long, pytest.mark.timeout(180)])])
async def test_traffic_goes_on_and_a_replica_starts_from_its_file(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, seconds: float, record_property: Callable[[str, object], None]
) -> None:
    tenant = f"outage-{seconds:g}"
    urls = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
    await fleet.apply(*tenant_documents(tenant, urls, {"alpha": 1, "beta": 0}))
    key, _ = await fleet.make_key(tenant, "app")
    revoked, revoke = await fleet.make_key(tenant, "app")
    written = await fleet.call("DELETE", revoke)
    await fleet.wait_current(written["metadata"]["revision"])
    chats = [f"{replica.url}/{tenant}/v1/chat/completions" for replica in fleet.replicas]
    async with SdkLoad([f"{replica.url}/{tenant}/v1" for replica in fleet.replicas], key) as load:
        await load.more(5)
        connected = await connections(fleet)
        try:
            for control_plane in fleet.control_planes:
                control_plane.kill()
            fleet.etcd.kill_all()
            began = time.monotonic()
            await load.leave_out(0)
            restarts = [await seconds_to_restart(fleet.replicas[0], chats[0], key) for _ in range(2)]
            assert min(restarts) < START_SECONDS
            assert (await ask(chats[0], revoked, CHAT)).status == 401
            load.take_in(0)
            await load.more(5)
            await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))  # the outage itself
        finally:
            fleet.etcd.spawn_all()
            for control_plane in fleet.control_planes:
                control_plane.spawn()
            await fleet.wait_ready()

        async def are_back() -> bool:
            return not connected & await connections(fleet)

        await fleet.until(are_back, "not all replicas connected again")
        await fleet.wait_current()
        changed = document(f"{tenant}/Model/chat", model_spec({"alpha": 0, "beta": 1}))
        await fleet.call("PUT", f"/v1/tenants/{tenant}/models/chat", changed)
        answered = time.monotonic()
        lags = await asyncio.gather(*(lag(url, key, answered, status=200, body=CHAT, version="beta") for url in chats))
        assert max(lags) < BOUND_SECONDS
        await load.more(5)
    record_property("seconds to restart from disk", round(min(restarts), 2))
    record_property("requests", len(load.answers))
    assert load.failures == []
    assert len(load.answers) > 10 * seconds


async def test_a_change_needs_seconds_when_a_control_plane_and_the_leader_of_etcd_die(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer
) -> None:
    urls = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
    await fleet.apply(*tenant_documents("failover", urls, {"alpha": 1, "beta": 0}))
    key, _ = await fleet.make_key("failover", "app")
    chats = [f"{replica.url}/failover/v1/chat/completions" for replica in fleet.replicas]
    leader = await fleet.etcd.leader()
    async with SdkLoad([f"{replica.url}/failover/v1" for replica in fleet.replicas], key) as load:
        await load.more(5)
        try:
            fleet.control_planes[0].kill()
            fleet.etcd.kill(leader)
            died = time.monotonic()
            changed = document("failover/Model/chat", model_spec({"alpha": 0, "beta": 1}))

            async def is_written() -> bool:
                with contextlib.suppress(CliError):  # while the members of etcd elect
                    await fleet.call("PUT", "/v1/tenants/failover/models/chat", changed, through=1)
                    return True
                return False

            await fleet.until(is_written, "the other control plane does not write")
            await asyncio.gather(*(lag(url, key, died, status=200, body=CHAT, version="beta") for url in chats))
            await load.more(5)
            assert max(load.last_lag(index, "beta", died) for index in range(len(chats))) < FAILOVER_SECONDS
        finally:
            fleet.etcd.spawn(leader)
            fleet.control_planes[0].spawn()
            await fleet.wait_ready()
    assert load.failures == []


async def connections(fleet: Fleet) -> set[tuple[str, str]]:
    """Which replica has been connected since when; for a while the dead control planes' word on it is still there."""
    items = (await fleet.call("GET", "/v1/replicas"))["items"]
    return {(item["node"], item["connectedAt"]) for item in items}


async def seconds_to_restart(replica: FleetReplica, url: str, key: str) -> float:
    """From the start of a replica, of which nothing was left, to its first answer."""
    replica.clean_up()
    spawned = time.monotonic()
    replica.spawn_connected()
    await lag(url, key, spawned, status=200, body=CHAT)
    return time.monotonic() - spawned
