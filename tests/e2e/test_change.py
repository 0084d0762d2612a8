"""A change at a control plane reaches live traffic on every replica within a second, and fails no request."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.probe import ask, lag
from tests.fakes.sdk_load import SdkLoad

BOUND_SECONDS = 1.0


@pytest.mark.parametrize("flips", [3, pytest.param(20, marks=pytest.mark.long)])
async def test_weights_move_all_traffic_at_once(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, flips: int, record_property: Callable[[str, object], None]
) -> None:
    tenant = f"weights-{flips}"
    upstreams = {"alpha": alpha, "beta": beta}
    urls = {name: f"{server.url}/v1" for name, server in upstreams.items()}
    await fleet.apply(*tenant_documents(tenant, urls, {"alpha": 1, "beta": 0}))
    key, _ = await fleet.make_key(tenant, "app")
    lags = []
    async with SdkLoad([f"{replica.url}/{tenant}/v1" for replica in fleet.replicas], key) as load:
        await load.more(5)
        for flip in range(flips):
            old, new = ("alpha", "beta") if flip % 2 == 0 else ("beta", "alpha")
            changed = document(f"{tenant}/Model/chat", model_spec({old: 0, new: 1}))
            await fleet.call("PUT", f"/v1/tenants/{tenant}/models/chat", changed, through=flip % 2)
            answered = time.monotonic()
            await asyncio.sleep(BOUND_SECONDS)
            await load.more(1)  # what began before has ended
            seen = len(upstreams[old].seen)
            await load.more(5)
            assert len(upstreams[old].seen) == seen
            lags.append(max(load.last_lag(replica, new, answered) for replica in range(len(fleet.replicas))))
    record_property("old version last seen, seconds after the answer to the write", round(max(lags), 3))
    record_property("requests", len(load.answers))
    assert load.failures == []
    assert {each.text for each in load.answers} == {"alpha one two three", "beta one two three"}
    assert all(each.text.startswith(each.version) for each in load.answers)
    assert max(lags) < BOUND_SECONDS


async def test_a_revoked_key_is_refused_everywhere(fleet: Fleet, alpha: ModelServer) -> None:
    await fleet.apply(*tenant_documents("revoked", {"alpha": f"{alpha.url}/v1"}, {"alpha": 1}))
    key, path = await fleet.make_key("revoked", "app")
    other, _ = await fleet.make_key("revoked", "app")
    urls = [f"{replica.url}/revoked/v1/models" for replica in fleet.replicas]
    assert {(await ask(url, each)).status for url in urls for each in (key, other)} == {200}
    await fleet.call("DELETE", path)
    answered = time.monotonic()
    assert max(await asyncio.gather(*(lag(url, key, answered, status=401) for url in urls))) < BOUND_SECONDS
    assert {(await ask(url, other)).status for url in urls} == {200}
