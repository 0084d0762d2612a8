"""What only the data plane can refuse stands still alone: everything else goes on."""

import asyncio
import json
import time

import pytest

from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.probe import CHAT, ask, lag

BOUND_SECONDS = 1.0
BAD_CERTIFICATES = {
    "type": "OpenAICompatible",
    "baseUrl": "https://127.0.0.1:1/v1",
    "auth": {"type": "None"},
    "tls": {"caPem": "no certificate"},
}


@pytest.mark.parametrize(
    ("tenant", "refused", "content", "reason"),
    [
        (
            "badpem",
            "badpem/Provider/alpha",
            json.dumps(document("badpem/Provider/alpha", BAD_CERTIFICATES)).encode(),
            "caPem",
        ),
        (
            "noschema",
            "noschema/Model/chat",
            json.dumps(document("noschema/Model/chat", {"versions": "none"})).encode(),
            "versions",
        ),
        ("nojson", "nojson/Model/chat", b"\x00{", "JSON"),
    ],
    ids=["certificates that cannot be read", "wrong type", "no JSON"],
)
async def test_the_last_good_version_is_served_and_all_else_changes(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer, tenant: str, refused: str, content: bytes, reason: str
) -> None:
    other = f"{tenant}-other"
    urls = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
    documents = [
        *tenant_documents(tenant, urls, {"alpha": 1, "beta": 0}),
        *tenant_documents(other, urls, {"alpha": 1, "beta": 0}),
    ]
    await fleet.apply(*documents)
    key, _ = await fleet.make_key(tenant, "app")
    revoked, revoke = await fleet.make_key(tenant, "app")
    others, _ = await fleet.make_key(other, "app")
    own_urls = [f"{replica.url}/{tenant}/v1/chat/completions" for replica in fleet.replicas]
    other_urls = [f"{replica.url}/{other}/v1/chat/completions" for replica in fleet.replicas]
    for url, each in [*((url, key) for url in own_urls), *((url, revoked) for url in own_urls)]:
        assert (await ask(url, each, CHAT)).status == 200

    await fleet.write_by_hand(refused, content)
    for through in range(len(fleet.control_planes)):

        async def is_quarantined(through: int = through) -> bool:
            items = (await fleet.call("GET", "/v1/quarantine", through=through))["items"]
            return any(item["resource"] == refused and reason in item["reason"] for item in items)

        await fleet.until(is_quarantined, f"{refused} is not in quarantine")
    await fleet.until(lambda: _all_name(fleet, refused), "not all replicas are shown to refuse it")
    said = next(line for line in (await fleet.isthmus("status")).splitlines() if refused in line)
    assert reason in said
    assert [(await ask(url, key, CHAT)).headers.get("x-isthmus-model-version") for url in own_urls] == ["alpha"] * 3

    await fleet.call("DELETE", revoke, through=1)
    answered = time.monotonic()
    lags = await asyncio.gather(*(lag(url, revoked, answered, status=401, body=CHAT) for url in own_urls))
    assert max(lags) < BOUND_SECONDS
    changed = document(f"{other}/Model/chat", model_spec({"alpha": 0, "beta": 1}))
    await fleet.call("PUT", f"/v1/tenants/{other}/models/chat", changed)
    answered = time.monotonic()
    lags = await asyncio.gather(
        *(lag(url, others, answered, status=200, body=CHAT, version="beta") for url in other_urls)
    )
    assert max(lags) < BOUND_SECONDS
    assert [(await ask(url, key, CHAT)).status for url in own_urls] == [200] * 3

    mended = next(each for each in documents if f"{tenant}/{each['kind']}/{each['metadata']['name']}" == refused)
    await fleet.apply(mended)
    assert (await fleet.call("GET", "/v1/quarantine"))["items"] == []
    assert [(await ask(url, key, CHAT)).status for url in own_urls] == [200] * 3


async def _all_name(fleet: Fleet, refused: str) -> bool:
    items = (await fleet.call("GET", "/v1/replicas"))["items"]
    return [
        item["state"] == "Quarantining" and [each["resource"] for each in item["rejected"]] == [refused]
        for item in items
    ] == [True] * len(fleet.replicas)
