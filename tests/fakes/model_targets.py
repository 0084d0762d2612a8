"""Targets of a model at scripted upstreams, calls for them in a client's API, and what providers would answer."""

import json
from typing import Any

from msgspec import Raw

from data_plane.codecs.client_api import classify
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.usage_meter import find_meter
from data_plane.llm.traits import UNKNOWN, Traits
from data_plane.pipeline.sides import Dispatcher
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.credential import CredentialSpec
from data_plane.providers.provider import Provider
from data_plane.providers.surface import Place
from data_plane.providers.table import PROVIDER_TYPES
from data_plane.upstream.cluster import Cluster, Endpoint, ModelVersion, Target
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from tests.fakes.upstream import FakeReceiver, receiver

NOW = 1_790_000_000.0
ANTHROPIC_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Paris"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 2, "cache_read_input_tokens": 3},
}
ANTHROPIC_EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "message_start", "message": {**ANTHROPIC_ANSWER, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Par"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "is"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
)
OPENAI_ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
}


def target(
    endpoint: Endpoint,
    kind: str = "Anthropic",
    name: str = "m1",
    *,
    credential: CredentialSpec | None = None,
    traits: Traits = UNKNOWN,
) -> Target:
    """A target whose model is `<name>-model` at the provider."""
    found = PROVIDER_TYPES[kind]
    surfaces = found.surfaces(Place("eu-west-1", "project"))
    made = Provider(
        f"default/{name}", found, BaseUrl.parse("http://models.example"), surfaces, credential or ApiKeys(("sk-ours",))
    )
    cluster = Cluster(f"default/{name}", (endpoint,), (1,), True)
    model = f"{name}-model"
    return Target(f"{name}/{model}", model, Raw(json.dumps(model).encode()), made, cluster, traits=traits)


def to(pools: Pools, *targets: Target, is_lossy: bool = False) -> Dispatcher:
    """The way to a model of one version, which tries its targets in their order."""
    dispatchers = Dispatchers(pools, lambda: 0.0, lambda: NOW)
    return dispatchers.for_model((ModelVersion("v1", 1, targets),), None, is_lossy=is_lossy)


def call(path: str, body: dict[str, Any], **headers: str) -> FakeReceiver:
    """A request, as the model filter leaves it behind."""
    encoded = json.dumps(body).encode()
    made = receiver("POST", path, encoded, **headers)
    exchange = made.exchange
    found = classify(exchange.request.path, exchange.request.headers)
    exchange.api, exchange.operation, exchange.api_path = found.api, found.operation, found.path
    exchange.fields = decode_fields(encoded)
    exchange.model_requested = str(body.get("model") or found.model)
    exchange.stream = found.streams or bool(body.get("stream"))
    exchange.meter = find_meter(found.api, found.operation)
    return made


def events(*documents: dict[str, Any]) -> bytes:
    """A stream of Anthropic's events."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (each["type"].encode(), json.dumps(each).encode()) for each in documents
    )


def data_of(stream: bytes) -> list[Any]:
    """What the events of an OpenAI stream hold, `[DONE]` as it is."""
    found = [each.removeprefix(b"data: ") for each in stream.split(b"\n\n") if each.startswith(b"data: ")]
    return [each.decode() if each == b"[DONE]" else json.loads(each) for each in found]
