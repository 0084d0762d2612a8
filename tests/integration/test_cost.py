"""What calls cost, from a real process: in its records, its metrics, and the header of answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.replica import Replica, api_key, configuration, resource

COST = 11 * 150 + 4 * 600  # nano-USD of the fake's answers at $0.15 and $0.60 per million tokens
USER = [{"role": "user", "content": "hello"}]
MODELS = {
    "priced": "gpt-4o-mini",
    "unknown": "our-own",
    "free": "llama-3.3-70b",
    "dated": "negotiated-1",
}
PERIODS = [
    {"validUntil": "2020-01-01T00:00:00Z", "perMillionTokens": {"inputUncached": "9", "output": "9"}},
    {"validFrom": "2020-01-01T00:00:00Z", "perMillionTokens": {"inputUncached": "1", "output": "2.5"}},
]


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("up") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    replica = Replica(tmp_path, workers=1)
    documents = [
        *configuration({"any": upstream.url}),
        resource("Provider", "openai", {"type": "OpenAI", "baseUrl": f"{upstream.url}/v1", "auth": {"type": "None"}}),
        *(
            resource(
                "Model",
                name,
                {"versions": [{"name": "v1", "targets": [{"providerRef": {"name": "openai"}, "model": model}]}]},
            )
            for name, model in MODELS.items()
        ),
        resource("CatalogEntry", "own", {"model": {"value": "llama", "type": "Prefix"}, "pricing": "Free"}),
        resource("CatalogEntry", "deal", {"model": {"value": "negotiated-1"}, "pricing": "Own", "prices": PERIODS}),
        *(
            resource(
                "Route",
                name,
                {
                    "matches": [{"path": {"value": f"/{name}"}}],
                    "models": {"refs": [{"name": each} for each in MODELS], "costHeader": said},
                },
            )
            for name, said in (("told", "Show"), ("untold", "Hide"))
        ),
    ]
    replica.write_config(documents)
    async with replica:
        yield replica


async def ask(replica: Replica, path: str, **body: Any) -> tuple[int, str | None, str]:
    """Status, the cost that was told, and the request's id."""
    url, headers = f"{replica.url}{path}", {"x-api-key": api_key()}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
        assert await answer.read()
        return answer.status, answer.headers.get("x-isthmus-cost"), answer.headers["x-isthmus-request-id"]


async def record_of(replica: Replica, request_id: str) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        return [each for each in replica.records() if each["request_id"] == request_id]

    await replica.until(found)
    return found()[0]


TOLD = {
    "priced": ("0.00000405", COST, "genai-prices "),
    "unknown": (None, None, ""),
    "free": ("0", 0, "default/CatalogEntry/own@"),
    "dated": ("0.000021", 21_000, "default/CatalogEntry/deal@"),
}
APIS: dict[str, tuple[str, dict[str, Any]]] = {
    "relayed": ("/told/v1/chat/completions", {"messages": USER}),
    "translated": ("/told/v1/messages", {"messages": USER, "max_tokens": 9}),
}


async def test_answers_tell_what_their_records_say(replica: Replica) -> None:
    asked = {
        (api, model): await ask(replica, path, model=model, **body)
        for api, (path, body) in APIS.items()
        for model in MODELS
    }

    for (api, model), (status, header, id) in asked.items():
        told, charged, version = TOLD[model]
        record = await record_of(replica, id)
        found = (record.get("charged"), record.get("incurred"), record["attempts"][0].get("cost"))
        assert (status, header, *found) == (200, told, charged, charged, charged), (api, model)
        assert record.get("price_version", "").startswith(version) and ("price_version" in record) == bool(version)
        assert record["usage"] == {"input_uncached": 11, "output": 4}


async def test_streams_and_routes_that_do_not_tell_have_costs_in_their_records(replica: Replica) -> None:
    streamed = await ask(replica, "/told/v1/chat/completions", model="priced", messages=USER, stream=True)
    untold = await ask(replica, "/untold/v1/chat/completions", model="priced", messages=USER)

    for status, header, id in (streamed, untold):
        assert (status, header) == (200, None)
        assert (await record_of(replica, id))["charged"] == COST


async def test_metrics_add_up_costs_and_count_what_has_none(replica: Replica) -> None:
    for model in ("priced", "priced", "unknown", "free"):
        await ask(replica, "/untold/v1/chat/completions", model=model, messages=USER)

    cost = 'isthmus_cost_nanousd_total{tenant="default",application="tester",model="priced"}'
    await replica.until_metric(cost, 2 * COST)
    await replica.until_metric('isthmus_unpriced_requests_total{model="unknown",target="openai/our-own"}', 1)
