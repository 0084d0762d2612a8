"""A compiled configuration under test, and requests that go through its plans as far as the upstream."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from config_schemas.canonical import resource_path, to_bytes
from config_schemas.registry import KINDS
from data_plane.codecs.form import form_of
from data_plane.config.compiler import Compiled, Compiler
from data_plane.config.plans import Tools
from data_plane.config.snapshot import Snapshot
from data_plane.errors import GatewayError
from data_plane.exchange import COMPLETED, Exchange, Outcome, Request, Response
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import BodyMode
from data_plane.pipeline.plan import Plan, Steps
from data_plane.telemetry.call_record import CallRecord
from data_plane.telemetry.record import Origin, Recorder
from tests.fakes.dispatchers import FakeDispatcher, FakeDispatchers

KEY = "isk_abc_0123456789"
NOW = 1_790_000_000.0


@dataclass
class FakeSink:
    """Keeps what it is given."""

    records: list[CallRecord] = field(default_factory=list)

    def append(self, record: msgspec.Struct) -> None:
        assert isinstance(record, CallRecord)
        self.records.append(record)


@dataclass
class FakeClock:
    """A clock that goes on by `step` whenever it is read."""

    now: float = 0.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def resource(kind: str, name: str, spec: dict[str, Any] | None = None, **metadata: Any) -> tuple[str, bytes]:
    """Path and canonical bytes of a valid resource."""
    tenant = "platform" if KINDS[kind].SCOPE == "Platform" else "default"
    document = {
        "apiVersion": "isthmus.dev/v1",
        "kind": kind,
        "metadata": {"tenant": tenant, "name": name, **metadata},
        "spec": spec or {},
    }
    valid = KINDS[kind].model_validate_json(json.dumps(document))
    return resource_path(valid), to_bytes(valid)


def credential(name: str = "key", application: str = "app", key: str = KEY, **spec: Any) -> tuple[str, bytes]:
    digest = sha256(key.encode()).hexdigest()
    return resource("Credential", name, {"applicationRef": {"name": application}, "hash": f"sha256:{digest}", **spec})


def provider(name: str = "openai", kind: str = "OpenAI", **spec: Any) -> tuple[str, bytes]:
    return resource("Provider", name, {"type": kind, "auth": {"secretRef": {"name": "secret"}}, **spec})


def secret(value: str = "sk-upstream") -> tuple[str, bytes]:
    return resource("Secret", "secret", {"data": {"value": value}})


def model(name: str = "gpt", *providers: str, **spec: Any) -> tuple[str, bytes]:
    versions = [
        {"name": f"v{number}", "targets": [{"providerRef": {"name": each}}]}
        for number, each in enumerate(providers or ("openai",), 1)
    ]
    return resource("Model", name, {"versions": versions, **spec})


def route(name: str = "models", **spec: Any) -> tuple[str, bytes]:
    return resource("Route", name, spec if "serviceRef" in spec else {"models": {"matchLabels": {}}, **spec})


def basic() -> dict[str, bytes]:
    """One provider, one model, one route to all models, one application with a key."""
    return dict([secret(), provider(), model(), route(), resource("Application", "app"), credential()])


class Gateway:
    """Compiles; carries requests through their plans."""

    def __init__(self, resources: dict[str, bytes] | None = None) -> None:
        self.metrics = Metrics()
        self.sink = FakeSink()
        self.wall_clock = FakeClock(NOW)
        ids = iter(range(1_000_000))
        recorder = Recorder(self.sink, Origin("node", "edge", 1, 2), self.wall_clock)
        tools = Tools(FakeDispatchers(), recorder, self.metrics, self.wall_clock, lambda: f"id{next(ids)}")
        self.compiler = Compiler(tools, "edge", FakeClock())
        self.snapshot = self.compiler.empty()
        self.resources: dict[str, bytes] = {}
        if resources is not None:
            compiled = self.apply(resources)
            assert compiled.rejections == ()

    def apply(self, changed: dict[str, bytes], removed: list[str] | None = None) -> Compiled:
        compiled = self.compiler.compile_now(changed, removed or [], self.snapshot.revision + 1)
        if compiled.snapshot is not None:
            self.snapshot = compiled.snapshot
            for path in removed or ():
                self.resources.pop(path, None)
            self.resources.update(changed)
        return compiled

    def ask(self, request: Request) -> "Answer":
        return carry(self.snapshot, request)


@dataclass
class Answer:
    """What became of a request before any upstream: an answer, a refusal, or a way to the upstream."""

    exchange: Exchange
    plan: Plan
    response: Response | None = None
    error: GatewayError | None = None

    @property
    def code(self) -> str:
        return self.error.code if self.error is not None else ""

    @property
    def dispatcher(self) -> FakeDispatcher:
        assert isinstance(self.plan.dispatcher, FakeDispatcher)
        return self.plan.dispatcher

    def complete(self, outcome: Outcome = COMPLETED) -> None:
        for position, hook in self.plan.complete:
            if position <= self.exchange.entered:
                hook(self.exchange, outcome)

    def respond(self, response: Response) -> Response:
        for _, hook in self.plan.response:
            response = _plain(hook(self.exchange, response))
        return response


def carry(snapshot: Snapshot, request: Request) -> Answer:
    """The request phase of a run."""
    exchange, plan = snapshot.begin(request, 100.0)
    answer = Answer(exchange, plan)
    try:
        while answer.response is None:
            answer.response = _run(exchange, answer.plan.head)
            if answer.response is None:
                if answer.plan.body_mode is BodyMode.FORM and exchange.form is None:
                    exchange.form = form_of(
                        request.headers, (exchange.api, exchange.operation), exchange.model_requested
                    )
                    exchange.form.feed(request.body, True)
                answer.response = _run(exchange, answer.plan.body)
            if answer.response is not None or answer.plan.next is None:
                break
            answer.plan = answer.plan.next(exchange)
    except GatewayError as error:
        answer.error = exchange.error = error
        exchange.status = error.status
    return answer


def _run(exchange: Exchange, steps: Steps[Any]) -> Response | None:
    for position, hook in steps:
        exchange.entered = position
        response: Response | None = hook(exchange)
        if response is not None:
            return response
    return None


def _plain(response: Response | Awaitable[Response]) -> Response:
    assert isinstance(response, Response)
    return response


def post(path: str = "/v1/chat/completions", body: object = None, **headers: str) -> Request:
    """A request with the key of `basic`, unless it brings its own `authorization`."""
    content = {"model": "gpt", "messages": []} if body is None else body
    return request("POST", path, content if isinstance(content, bytes) else json.dumps(content).encode(), **headers)


def request(method: str, path: str, body: bytes = b"", /, **headers: str) -> Request:
    fields = {"host": "gateway", "authorization": f"Bearer {KEY}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    target, _, query = path.partition("?")
    return Request(
        method.encode(),
        target.encode(),
        query.encode(),
        {name.encode(): value.encode() for name, value in fields.items() if value},
        has_body=bool(body),
        body=body,
    )
