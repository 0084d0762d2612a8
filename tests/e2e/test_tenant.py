"""Two tenants on the same replicas: neither sees nor uses what is the other's."""

import json

from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import ModelServer
from tests.fakes.probe import CHAT, ask


async def test_a_key_opens_its_own_tenant_only(fleet: Fleet, alpha: ModelServer, beta: ModelServer) -> None:
    await fleet.apply(
        *tenant_documents("red", {"alpha": f"{alpha.url}/v1"}, {"alpha": 1}),
        *tenant_documents("blue", {"beta": f"{beta.url}/v1"}, {"beta": 1}),
        document("blue/Model/secret-plans", model_spec({"beta": 1})),
    )
    red, _ = await fleet.make_key("red", "app")
    blue, _ = await fleet.make_key("blue", "app")
    plans = {**CHAT, "model": "secret-plans"}
    for replica in fleet.replicas:
        for tenant, own, other in (("red", red, blue), ("blue", blue, red)):
            url = f"{replica.url}/{tenant}/v1/chat/completions"
            assert (await ask(url, own, CHAT)).status == 200
            assert (await ask(url, other, CHAT)).status == 401
            assert (await ask(f"{replica.url}/{tenant}/v1/models", other)).status == 401
        assert (await ask(f"{replica.url}/blue/v1/chat/completions", blue, plans)).status == 200
        refused = await ask(f"{replica.url}/red/v1/chat/completions", red, plans)
        assert (refused.status, json.loads(refused.text)["error"]["code"]) == (404, "model_not_found")
    assert {seen.json()["model"] for seen in alpha.seen} == {"chat"}


async def test_models_lists_what_the_key_may_use(fleet: Fleet, alpha: ModelServer) -> None:
    await fleet.apply(
        *tenant_documents("listed", {"alpha": f"{alpha.url}/v1"}, {"alpha": 1}),
        document("listed/Model/embed", model_spec({"alpha": 1})),
        document("listed/Application/narrow", {"allowedModels": ["embed"]}),
    )
    wide, _ = await fleet.make_key("listed", "app")
    narrow, _ = await fleet.make_key("listed", "narrow")
    for replica in fleet.replicas:
        url = f"{replica.url}/listed/v1"
        names = [
            [each["id"] for each in json.loads((await ask(f"{url}/models", key)).text)["data"]]
            for key in (wide, narrow)
        ]
        assert names == [["chat", "embed"], ["embed"]]
        assert (await ask(f"{url}/chat/completions", narrow, CHAT)).status == 404
        assert (await ask(f"{url}/models/chat", narrow)).status == 404
