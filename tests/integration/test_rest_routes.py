"""What routes to Services do with requests, on a replica as it runs: the example, with a server behind it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from tests.fakes.front import soon
from tests.fakes.model_server import Behaviour, ModelServer, model_server
from tests.fakes.replica import Replica, api_key, configuration

EXAMPLE = Path(__file__).parents[2] / "examples" / "rest" / "gateway.yaml"
PAGE = "https://a.preview.example"


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("orders") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    """The example beside what all tests of replicas have, with its Service at our server."""
    documents = list(yaml.safe_load_all(EXAMPLE.read_text()))
    for document in documents:
        if document["kind"] == "Service":
            document["spec"]["endpoints"] = [{"host": "127.0.0.1", "port": upstream.port}]
    replica = Replica(tmp_path, workers=1)
    replica.write_config([*configuration({"orders": upstream.url}), *documents])
    async with replica:
        yield replica


class Answer:
    """One response, from bytes."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = dict(line.split(": ", 1) for line in lines)
        self.body = body


async def ask(replica: Replica, *requests: bytes) -> list[Answer]:
    """Requests after each other on one connection: what one answer left behind would spoil the next."""
    reader, writer = await soon(asyncio.open_connection("127.0.0.1", replica.port))
    answers = []
    for request in requests:
        writer.write(request)
        head = await soon(reader.readuntil(b"\r\n\r\n"))
        answer = Answer(head, b"")
        if not request.startswith(b"HEAD"):
            answer.body = await soon(reader.readexactly(int(answer.headers.get("content-length", "0"))))
        answers.append(answer)
    writer.close()
    return answers


def get(target: str, method: str = "GET", **fields: str) -> bytes:
    """A request with the key, unless it brings its own `authorization`; an empty field is left out."""
    fields = {"host": "gateway.example", "authorization": f"Bearer {api_key()}"} | fields
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


def preflight(target: str, method: str = "GET", **fields: str) -> bytes:
    announced = {"origin": PAGE, "access_control_request_method": method, "authorization": "", **fields}
    return get(target, "OPTIONS", **announced)


async def test_paths_queries_hosts_and_headers_are_rewritten(replica: Replica, upstream: ModelServer) -> None:
    one, two = await ask(replica, get("/shop/orders/v3/items?debug=1&a=%20"), get("/customers/a%20b/orders"))

    assert (one.status, two.status) == (200, 200)
    assert [seen.path for seen in upstream.seen] == ["/three/items?a=%20&channel=web", "/three/by-customer/a%20b"]
    assert [seen.headers["host"] for seen in upstream.seen] == ["orders.internal", "gateway.example"]
    assert [seen.headers["via"] for seen in upstream.seen] == ["1.1 isthmus", "1.1 isthmus"]
    await replica.until(lambda: len(replica.records()) == 2)
    assert {record["api_version"] for record in replica.records()} == {"v3"}


async def test_versions_of_an_api_grow_old_and_end(replica: Replica, upstream: ModelServer) -> None:
    new, default, retired, unknown = await ask(
        replica, *(get(f"/shop/orders{path}") for path in ("/v3/a", "/a", "/v1/a", "/v9/a"))
    )

    assert "deprecation" not in new.headers
    assert default.headers["deprecation"] == "@1793491200"
    assert default.headers["sunset"] == "Wed, 30 Jun 2027 00:00:00 GMT"
    assert default.headers["link"] == '<https://docs.example/orders/sunset>; rel="sunset"'
    assert (retired.status, retired.headers["x-isthmus-error"]) == (410, "api_version_retired")
    assert b"use version 'v2'" in retired.body
    assert retired.headers["link"] == '<https://docs.example/orders/v2>; rel="successor-version"'
    assert (unknown.status, unknown.headers["x-isthmus-error"]) == (404, "api_version_not_found")
    assert [seen.path for seen in upstream.seen] == ["/three/a?channel=web", "/two/a?channel=web"]


async def test_pages_are_told_what_they_may_do_and_why_they_may_not(replica: Replica, upstream: ModelServer) -> None:
    upstream.behaviour = Behaviour(body=b"{}", headers={"Access-Control-Allow-Origin": "*", "Vary": "Accept"})
    asked, other, served, refused = await ask(
        replica,
        preflight("/shop/orders/v3", "PUT", access_control_request_headers="authorization"),
        preflight("/shop/orders/v3", origin="https://evil.example"),
        get("/shop/orders/v3", origin=PAGE),
        get("/shop/orders/v3", origin=PAGE, authorization=""),
    )

    assert asked.status == other.status == 204
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert asked.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE"
    assert "content-length" not in asked.headers
    assert "access-control-allow-origin" not in other.headers
    assert served.headers["access-control-allow-origin"] == PAGE
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, PAGE)
    assert refused.headers["vary"] == "Origin"
    assert len(upstream.seen) == 1


async def test_redirects_and_answers_need_no_upstream(replica: Replica, upstream: ModelServer) -> None:
    moved, evil, robots = await ask(
        replica, get("/store/orders?a=1"), get("/store//evil.example"), get("/robots.txt", authorization="")
    )

    assert (moved.status, moved.headers["location"], moved.body) == (308, "/shop/orders?a=1", b"")
    assert evil.headers["location"] == "/shop/evil.example"
    assert (robots.status, robots.headers["cache-control"]) == (200, "max-age=86400")
    assert robots.body == b"User-agent: *\nDisallow: /\n"
    assert upstream.seen == []
    await replica.until(lambda: len(replica.records()) == 3)
    assert {record["route"] for record in replica.records()} == {"default/moved", "default/robots"}


async def test_head_is_answered_as_get_is_without_the_body(replica: Replica, upstream: ModelServer) -> None:
    upstream.behaviour = Behaviour(body=b"{}", headers={"content-type": "application/json"})
    statuses = {
        "/rest/a": 200,
        "/shop/orders/v1": 410,
        "/v1/models": 200,
        "/v1/chat/completions": 405,
        "/robots.txt": 200,
        "/store": 308,
        "/nowhere": 404,
    }
    for target, status in statuses.items():
        head, again, got = await ask(replica, get(target, "HEAD"), get(target, "HEAD"), get(target))
        assert head.status == again.status == got.status == status
        own = {"x-isthmus-request-id", "date"}
        assert {name: head.headers[name] for name in head.headers if name not in own} == {
            name: got.headers[name] for name in got.headers if name not in own
        }


async def test_options_are_answered_by_who_knows(replica: Replica, upstream: ModelServer) -> None:
    service, model, method, wrong = await ask(
        replica,
        get("/rest/a", "OPTIONS"),
        get("/v1/chat/completions", "OPTIONS", authorization=""),
        get("/customers/7/orders", "OPTIONS"),
        get("/customers/7/orders", "DELETE"),
    )

    assert [seen.method for seen in upstream.seen] == ["OPTIONS"]
    assert (service.status, model.status, model.headers["allow"]) == (200, 204, "OPTIONS, POST")
    assert (method.status, method.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
