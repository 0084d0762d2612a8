"""Strictness on a replica as it runs: the example of contracts, and bodies that no reader may take two ways."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
import zstandard

from tests.data_plane.codecs.json_cases import AMBIGUOUS, BODIES, INVALID, VALID
from tests.fakes.model_server import Behaviour, ModelServer, model_server
from tests.fakes.replica import Replica, api_key, configuration

EXAMPLE = Path(__file__).parents[2] / "examples" / "validation" / "gateway.yaml"
HEADERS = {"authorization": f"Bearer {api_key()}"}
JSON = {"content-type": "application/json"}
CHAT = b'{"model":"chat","messages":[{"role":"user","content":"hi"}],"value":%b}'


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("pets") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    """The example beside what all tests of replicas have, with its Service at our server."""
    documents = list(yaml.safe_load_all(EXAMPLE.read_text()))
    for document in documents:
        if document["kind"] == "Service":
            document["spec"]["endpoints"] = [{"host": "127.0.0.1", "port": upstream.port}]
    replica = Replica(tmp_path, workers=1)
    replica.write_config([*configuration({"pets": upstream.url}), *documents])
    async with replica:
        yield replica


class Client:
    """One connection to a replica, as long as it is kept."""

    def __init__(self, replica: Replica, session: aiohttp.ClientSession) -> None:
        self._replica = replica
        self._session = session

    async def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
        """Status, body if it is JSON, and the code of an error."""
        fields = {
            **HEADERS,
            **(JSON if body is not None else {}),
            **{n.replace("_", "-"): v for n, v in headers.items()},
        }
        async with self._session.request(method, self._replica.url + path, data=body, headers=fields) as answer:
            text = await answer.read()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, json.loads(text) if is_json else {}, answer.headers.get("x-isthmus-error", "")

    async def chat(self, body: bytes, **headers: str) -> int:
        return (await self.ask("POST", "/v1/chat/completions", body, **headers))[0]


@pytest.fixture
async def client(replica: Replica) -> AsyncIterator[Client]:
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(20),
        auto_decompress=False,
        skip_auto_headers=["accept-encoding"],
    ) as session:
        yield Client(replica, session)


async def test_requests_are_held_to_the_document(client: Client, upstream: ModelServer) -> None:
    upstream.behaviour = Behaviour(body=b"[]", headers=JSON)
    good = [
        await client.ask("GET", "/pets-api/pets?limit=5&tag=a&tag=b"),
        await client.ask("POST", "/pets-api/pets", b'{"name":"rex","born":"2026-11-24"}'),
        await client.ask("POST", "/pets-api/pets", gzip.compress(b'{"name":"max"}'), content_encoding="gzip"),
    ]
    bad = [
        await client.ask("GET", "/pets-api/pets?limit=500"),
        await client.ask("POST", "/pets-api/pets", b'{"name":"","wings":2}'),
        await client.ask("POST", "/pets-api/pets", b'{"name":"a","name":"b"}'),
        await client.ask("GET", "/pets-api/pets/zero"),
        await client.ask("GET", "/pets-api/cats"),
        await client.ask("DELETE", "/pets-api/pets"),
        await client.ask("POST", "/pets-api/pets", b"<pet/>", content_type="text/xml"),
        await client.ask("POST", "/pets-api/pets", b"{}", content_encoding="br"),
        await client.ask("POST", "/pets-api/pets", gzip.compress(bytes(1 << 22)), content_encoding="gzip"),
    ]

    assert [status for status, _, _ in good] == [200, 200, 200]
    assert [seen.body for seen in upstream.seen] == [b"", b'{"name":"rex","born":"2026-11-24"}', b'{"name":"max"}']
    assert all("content-encoding" not in seen.headers for seen in upstream.seen)
    assert [(status, code) for status, _, code in bad] == [
        (400, "invalid_request"),
        (400, "invalid_request"),
        (400, "bad_request"),
        (400, "invalid_request"),
        (404, "route_not_found"),
        (405, "method_not_allowed"),
        (415, "unsupported_content"),
        (415, "unsupported_content"),
        (413, "body_too_large"),
    ]
    assert bad[1][1]["errors"] == [
        {"detail": "the value is shorter than 1 character", "pointer": "#/name"},
        {"detail": "Additional properties are not allowed ('wings' was unexpected)", "pointer": "#"},
    ]


async def test_responses_are_counted_or_held_to_their_schemas(
    client: Client, upstream: ModelServer, replica: Replica
) -> None:
    upstream.behaviour = Behaviour(body=b'[{"name":"rex"}]', headers=JSON)
    shadow = await client.ask("GET", "/pets-api/pets")
    report = b'{"from":"2026-01-01","to":"2026-02-01"}'
    refused = await client.ask("POST", "/reports", report)
    upstream.behaviour = Behaviour(body=b'{"rows":[1]}', headers=JSON)
    good = await client.ask("POST", "/reports", report)
    malformed = await client.ask("POST", "/reports", b'{"from":"2026-01-01","to":"soon"}')

    assert shadow == (200, [{"name": "rex"}], "")
    assert (refused[0], refused[2]) == (502, "invalid_upstream_response")
    assert "rows" not in json.dumps(refused[1])
    assert good == (200, {"rows": [1]}, "")
    assert malformed[0] == 400
    await replica.until(lambda: len(replica.records()) == 4)
    assert [record.get("error_code", "") for record in replica.records()] == [
        "",
        "invalid_upstream_response",
        "",
        "invalid_request",
    ]
    await replica.until(lambda: "response does not fit policy=default/reports" in replica.log())
    assert "rex" not in replica.log()
    await replica.until_metric("isthmus_validation_total", 7)  # the last of four requests had no response to judge


async def test_chat_bodies_have_one_reading_or_are_refused(client: Client, upstream: ModelServer) -> None:
    for name, value in VALID.items():
        assert await client.chat(CHAT % value) == 200, name
    for name, value in INVALID.items():
        assert await client.chat(CHAT % value) == 400, name
    for name, value in AMBIGUOUS.items():  # the value goes on as it was written, for the upstream to judge
        upstream.behaviour = Behaviour(body=b"{}", headers=JSON)
        assert await client.chat(CHAT % value) == 200, name
        assert value in upstream.seen[-1].body, name
    for name, body in BODIES.items():
        assert await client.chat(body) == 400, name


CODED: list[tuple[str, bytes, int]] = [
    ("gzip", gzip.compress(CHAT % b"1"), 200),
    ("zstd", zstandard.compress(CHAT % b"1"), 200),
    ("identity", CHAT % b"1", 200),
    ("gzip", b"garbage", 400),
    ("gzip", gzip.compress(CHAT % b"1")[:-4], 400),
    ("gzip", gzip.compress(b"{"), 400),
    ("br", CHAT % b"1", 415),
    ("gzip, gzip", gzip.compress(gzip.compress(CHAT % b"1")), 415),
    ("gzip", gzip.compress(bytes(1 << 26)), 413),
    ("zstd", zstandard.compress(bytes(1 << 30)), 413),
]


async def test_coded_chat_bodies_are_read_within_bounds(client: Client, upstream: ModelServer) -> None:
    for coding, body, status in CODED:
        upstream.seen.clear()
        assert await client.chat(body, content_encoding=coding) == status, (coding, body[:20])
        assert await client.chat(CHAT % b"2") == 200  # the connection, and the next request, are as before
        assert [seen.json()["value"] for seen in upstream.seen] == ([1, 2] if status == 200 else [2])
        assert upstream.seen[0].headers.get("content-encoding") in (None, "identity")


async def test_where_nothing_is_read_a_coded_body_goes_on_as_it_is(client: Client, upstream: ModelServer) -> None:
    body = gzip.compress(b"anything")
    upstream.behaviour = Behaviour(body=b"{}", headers=JSON)

    assert (await client.ask("PUT", "/rest/a", body, content_encoding="x-own"))[0] == 200
    assert upstream.seen[0].body == body and upstream.seen[0].headers["content-encoding"] == "x-own"
