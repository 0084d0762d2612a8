"""The REST API on the store in memory, with real services behind it, called by a client that checks every answer."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from control_plane.api import openapi
from control_plane.api.app import Gate, make_app
from control_plane.api.authentication import Authentication
from control_plane.api.endpoints import Endpoints, Services
from control_plane.api.health import Readiness
from control_plane.api.idempotency import Idempotency
from control_plane.api.throttle import Throttle
from control_plane.backup.export import Exporter
from control_plane.backup.restore import Restores
from control_plane.backup.snapshot import Snapshots
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.epoch import ensure_epoch
from control_plane.distribution.members import Member, Members
from control_plane.distribution.nodes import Nodes
from control_plane.distribution.quarantine import Quarantine
from control_plane.distribution.unseal import unsealer
from control_plane.distribution.version import find_version_in
from control_plane.identity.actor import Actor, Scope
from control_plane.identity.tokens import AdminTokens
from control_plane.metrics import Metrics
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Store
from control_plane.store.index import Index
from control_plane.store.initialise import initialise
from control_plane.store.memory import MemoryStore
from control_plane.store.resources import Resources
from control_plane.store.writer import Writer

URI = "urn:openapi"
REGISTRY: "Registry[Any]" = Registry().with_resource(
    URI, Resource.from_contents(openapi.document(), default_specification=DRAFT202012)
)
DEADLINE_SECONDS = 10.0


@dataclass
class Answer:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def revision(self) -> int:
        return int(self.json["metadata"]["revision"])


@dataclass
class RestApi:
    """`call` sends the admin token unless told otherwise, and holds every answer against the OpenAPI document."""

    client: "TestClient[Any, Any]"
    store: Store
    catalog: Catalog
    metrics: Metrics
    tokens: dict[Scope, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.tokens['admin'] if token is None else token}", **(headers or {})}
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        content = None if data is None else io.BytesIO(data)  # bytes of this size are warned of
        async with asyncio.timeout(DEADLINE_SECONDS):
            async with self.client.request(method, path, data=content, headers=sent) as response:
                answer = Answer(response.status, response.headers, await response.read())
                check_answer(method, response, answer)
                return answer

    @contextlib.asynccontextmanager
    async def stream(self, path: str, **headers: str) -> AsyncIterator["Stream"]:
        sent = {"Authorization": f"Bearer {self.tokens['admin']}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(path, headers=sent) as response:
            assert response.status == 200, await response.text()
            yield Stream(response)

    async def caught_up(self) -> None:
        """Until the catalog shows what the store has."""
        revision = (await self.store.list("/isthmus/v1/_system/", limit=1)).revision
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.catalog.revision < revision:
                await asyncio.sleep(0)


class Stream:
    """The events of one answer."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def next(self, *, skip: tuple[str, ...] = ("bookmark",)) -> tuple[str, Any, str]:
        """The next event's name, data and id; those called as in `skip` are passed over."""
        while True:
            event = await self._next()
            if event[0] not in skip:
                return event

    async def _next(self) -> tuple[str, Any, str]:
        fields: dict[str, str] = {}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while line := (await self._response.content.readline()).decode():
                if line == "\n":
                    return fields["event"], json.loads(fields["data"]), fields.get("id", "")
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value
        raise AssertionError("the stream ended")


def check_answer(method: str, response: ClientResponse, answer: Answer) -> None:
    """Whether the OpenAPI document knows such an answer."""
    operation = _operation(method, response.url.path)
    if operation is None:
        assert answer.status in (404, 405), f"{method} {response.url.path} is in no operation"
        check_schema("#/components/schemas/Problem", answer.json)
        return
    responses = operation["responses"]
    assert str(answer.status) in responses, f"{operation['operationId']} does not know {answer.status}: {answer.body!r}"
    described = responses[str(answer.status)]
    if reference := described.get("$ref"):
        described = openapi.document()["components"]["responses"][reference.rpartition("/")[2]]
    content = described.get("content", {})
    if not content:
        assert not answer.body
        return
    assert response.content_type in content, f"{operation['operationId']}: {response.content_type}"
    if not content[response.content_type]:
        return  # bytes that are no JSON
    check_schema(content[response.content_type]["schema"]["$ref"], answer.json)


def check_schema(reference: str, document: object) -> None:
    """Raises if a document is not as a component of the OpenAPI document says."""
    schema = {"$ref": URI + reference}
    jsonschema.Draft202012Validator(schema, registry=REGISTRY).validate(document)


def _operation(method: str, path: str) -> Any:
    parts = path.split("/")
    best: tuple[int, Any] = (-1, None)
    for template, methods in openapi.document()["paths"].items():
        wanted = template.split("/")
        fits = len(wanted) == len(parts) and all(
            mine == theirs or mine.startswith("{") for mine, theirs in zip(wanted, parts, strict=True)
        )
        literal = sum(not part.startswith("{") for part in wanted)
        if fits and literal > best[0] and method.lower() in methods:
            best = (literal, methods[method.lower()])
    return best[1]


@contextlib.asynccontextmanager
async def rest_api(store: Store | None = None, *, key_file: Path | None = None) -> AsyncIterator[RestApi]:
    """One control plane's API; several on one store behave as one."""
    store = store or MemoryStore()
    sealer = Sealer({"k1": bytes(32)})
    await ensure_epoch(store, lambda: "epoch-1")
    await initialise(store)
    index, tokens = Index(store), AdminTokens(store)
    catalog = Catalog(store, unsealer(sealer))
    nodes = Nodes(catalog, store)
    await index.start()
    await catalog.start()
    quarantine = Quarantine(catalog, store, find_version=find_version_in(store), clock=lambda: "2026-11-24T00:00:00Z")
    readiness, metrics = Readiness(), Metrics()
    readiness.missing = ""
    resources = Resources(store, sealer, Writer(store, index, sealer))
    endpoints = Endpoints(
        Services(
            store=store,
            index=index,
            resources=resources,
            tokens=tokens,
            exporter=Exporter(store, sealer, "0.0.0", lambda: datetime.now(UTC)),
            restores=Restores(store, sealer, lambda: datetime.now(UTC)),
            snapshots=Snapshots(catalog, key_file),
            catalog=catalog,
            nodes=nodes,
            quarantine=quarantine,
            readiness=readiness,
            members=Members(store, Member("cp-1", "0.0.0")),
            now=lambda: datetime.now(UTC),
        )
    )
    loop = asyncio.get_running_loop()
    gate = Gate(Authentication(tokens, Throttle(loop.time)), Idempotency(store, sealer), metrics, loop.time)
    app = make_app(gate, endpoints.by_action())
    app.on_shutdown.append(lambda _: endpoints.watches.close())
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(each) for each in (index.run(), catalog.run(), endpoints.events.run())]
        async with TestClient(TestServer(app, shutdown_timeout=1.0)) as client:
            api = RestApi(client, store, catalog, metrics)
            system = Actor("system/test", frozenset(("admin",)))
            for scope in ("read", "write", "admin"):
                api.tokens[scope] = (await tokens.create([scope], actor=system))[0]
            yield api
        for task in running:
            task.cancel()
