"""Values that end up in header lines: none may end the line, be it from a client, an upstream or the configuration."""

import copy
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
import yaml
from pydantic import ValidationError

from config_schemas.example import example
from config_schemas.registry import KINDS
from data_plane.providers.api_key import ApiKeys
from tests.conformance.client import Answer, Client
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import PROBE
from tests.fakes.replica import Replica, api_key, configuration, resource

EXAMPLES = Path(__file__).parents[2] / "examples"
BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\u2028",
    "\x85",
    "\x00",
    "\x0b",
    "\u560a",
    "\u010a",
    "%0d%0a",
    "%0a",
    "%250d%250a",
    "\\r\\n",
)
WORDS = ("a", "Z", "9", "-", ".", "é", " ", "\t", '"', "'", ";", ",", ":", "%", "/", "?", "#", "&", "=", "\U0001f600")
MARK = "x-injected"
# Where the configuration takes any text: it becomes part of no header, or is looked at again when it does.
FREE_TEXT = ("displayName", "spec.data.", "respond.body", "openapi.document.", "requestSchema.", "responseSchema.")


def route(name: str, path: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    match = {"path": {"value": path}}
    return resource("Route", name, {"matches": [match], "authentication": {"methods": ["Anonymous"]}, **spec})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rewriting(running_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replica]:
    """A replica that redirects, rewrites and answers preflights."""
    replica = Replica(tmp_path_factory.mktemp("rewriting"), workers=1)
    prefix, keep = {"type": "ReplacePrefix", "value": "/new"}, {"serviceRef": {"name": "rest"}}
    template = {
        "matches": [{"path": {"type": "Template", "value": "/users/{id}"}}],
        "authentication": {"methods": ["Anonymous"]},
        "rewrite": {"path": {"type": "Template", "value": "/rest/by-id/{id}"}},
    }
    replica.write_config(
        [
            *configuration({"recorder": f"http://127.0.0.1:{running_recorder.port}"}),
            route("moved", "/moved", {"redirect": {"path": prefix}}),
            route("secure", "/secure", {"redirect": {"scheme": "https"}}),
            route("changed", "/changed", {**keep, "rewrite": {"path": prefix, "query": {"remove": ["gone"]}}}),
            resource("Route", "template", {**template, **keep}),
            resource(
                "CorsPolicy",
                "pages",
                {
                    "targetRefs": [{"kind": "Route", "name": "changed"}],
                    "allowOrigins": ["https://*.example.com"],
                    "allowHeaders": ["*"],
                    "allowCredentials": "Allow",
                },
            ),
        ]
    )
    async with replica:
        yield replica


def value(random: Random) -> str:
    """Text with a break in it, which a header named `x-injected` follows."""
    pieces = [random.choice(WORDS) for _ in range(random.randint(0, 4))]
    pieces.insert(random.randint(0, len(pieces)), random.choice(BREAKS) + f"{MARK}: 1")
    return "".join(pieces)


def in_line(text: str) -> bytes:
    """What can stand in one line of a request: without a client's own line ends."""
    return text.encode().replace(b"\r\n", b"\r").replace(b"\n", b"\r")


def request(random: Random) -> bytes:
    text = value(random)
    path, line = (
        quote(text, safe="").encode() if random.random() < 0.5 else in_line(text).replace(b" ", b""),
        in_line(text),
    )
    chat = json.dumps({"model": text, "messages": []}).encode()
    start, end = b" HTTP/1.1\r\nHost: a\r\n", b"\r\n"
    return random.choice(
        (
            b"GET /moved/" + path + start + end,
            b"GET /moved/x?" + path + start + end,
            b"GET /secure/" + path + start + end,
            b"GET /secure HTTP/1.1\r\nHost: " + line + b"\r\n\r\n",
            b"GET /changed/" + path + start + end,
            b"GET /changed/x?gone=1&" + path + b"&b=2" + start + end,
            b"GET /users/" + path + start + end,
            b"GET /rest/x" + start + b"X-Isthmus-Request-Id: " + line + b"\r\n\r\n",
            b"GET /rest/x" + start + b"Traceparent: " + line + b"\r\nTracestate: " + line + b"\r\n\r\n",
            b"GET /changed/x" + start + b"Origin: " + line + b"\r\n\r\n",
            b"GET /changed/x" + start + b"Origin: https://" + line + b".example.com\r\n\r\n",
            b"OPTIONS /changed/x" + start + b"Origin: https://a.example.com\r\nAccess-Control-Request-Method: PUT\r\n"
            b"Access-Control-Request-Headers: " + line + b"\r\n\r\n",
            b"GET /nowhere/" + path + start + end,
            b"POST /v1/chat/completions" + start + b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
            % (api_key().encode(), len(chat), chat),
        )
    )  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("count", [3_000, pytest.param(30_000, marks=pytest.mark.long)], ids=["short", "long"])
async def test_no_value_of_a_client_ends_a_header_line(
    count: int, rewriting: Replica, recorder: Recorder, record_property: Callable[[str, object], None]
) -> None:
    random = Random(7)
    client = await Client.connect(rewriting.port)
    statuses: dict[int, int] = {}
    for _ in range(count):
        data = request(random)
        answer = await client.ask(data)  # strictly read: a bare CR or LF in a line is a fault
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        check(answer, data)
        if answer.head.values(b"connection") == [b"close"]:
            await client.leave()
            client = await Client.connect(rewriting.port)
    assert (await client.ask(PROBE)).body == b'{"path":"/rest/probe"}'
    await client.leave()
    assert recorder.faults == []
    for seen in recorder.requests:
        assert MARK.encode() not in [name.lower() for name, _ in seen.head.fields]
    record_property("answers by status", statuses)
    assert {200, 302, 400, 404} <= statuses.keys()
    assert max(statuses) < 500


def check(answer: Answer, data: bytes) -> None:
    assert MARK.encode() not in [name.lower() for name, _ in answer.head.fields], data
    for location in answer.head.values(b"location"):
        assert location.isascii() and b" " not in location, (data, location)


def documents() -> Iterator[dict[str, Any]]:
    """Every kind, and what the examples show of it."""
    for kind in KINDS:
        yield example(kind)
    for file in sorted(EXAMPLES.rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if "apiVersion" not in document:  # of another program
                continue
            metadata = document["metadata"]
            metadata.setdefault("tenant", "platform" if KINDS[document["kind"]].SCOPE == "Platform" else "acme")
            yield document


def texts(found: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(found, str):
        yield path
    elif isinstance(found, dict | list):
        for key, below in found.items() if isinstance(found, dict) else enumerate(found):
            yield from texts(below, (*path, key))


def forms(broken: str) -> tuple[str, str, str]:
    """`{0}` stands for the text as it is, `{0:.1}` for its beginning."""
    return "{0}" + broken, broken + "{0}", "{0:.1}" + broken + "{0}"


def changed(document: dict[str, Any], path: tuple[str | int, ...], form: str) -> bytes:
    document = copy.deepcopy(document)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    text = place[path[-1]]
    place[path[-1]] = form.format(text)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "document", [pytest.param(each, id=f"{each['kind']}/{each['metadata']['name']}") for each in documents()]
)
def test_no_text_of_the_configuration_ends_a_header_line(document: dict[str, Any]) -> None:
    kind = KINDS[document["kind"]]
    kind.model_validate_json(json.dumps(document))
    accepted = set()
    for path in texts(document):
        for broken in (form for each in BREAKS[:7] for form in forms(each)):
            try:
                kind.model_validate_json(changed(document, path, broken))
            except ValidationError:
                continue
            accepted.add(".".join(map(str, path)))
    assert [path for path in accepted if not any(free in path for free in FREE_TEXT)] == []


@pytest.mark.parametrize("broken", BREAKS[:7])
def test_no_secret_ends_a_header_line(broken: str) -> None:
    for key in (f"sk{broken}{MARK}: 1", f"sk{broken}", f"{broken}sk"):
        with pytest.raises(ValueError, match="no header can carry"):
            ApiKeys((key,))
