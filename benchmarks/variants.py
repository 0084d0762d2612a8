"""What steps are told apart by: configurations of a data plane in this process, and the traffic that meets them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.in_process import UNIQUE, Traffic, http
from benchmarks.isthmus import configuration, document
from benchmarks.requests import ANSWER, CHAT_PATH, LENGTHS, REST_PATH, TRACEPARENT, chat_body, halves, whole
from config_schemas.canonical import resource_path, to_bytes
from config_schemas.registry import KINDS

UPSTREAM_PORT = 80  # nothing listens there: the connection leads nowhere
HEADERS = 17
FIRST = "n000000"  # the name that others differ from by their number
MESSAGES_PATH = "/v1/messages"
MESSAGE = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "bench",
    "content": [{"type": "text", "text": "The quick brown fox. " * 14}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 90, "output_tokens": 70},
}
Resources = dict[str, bytes]  # canonical bytes by path


@dataclass(frozen=True, slots=True)
class Variant:
    """One side of a comparison."""

    resources: Resources
    traffic: Traffic
    plant_us: float | None = None
    added: Callable[[], Resources] = dict  # to `resources`, only when it is measured


def standard() -> Resources:
    """The configuration that is measured end to end."""
    return dict(map(canonical, configuration(UPSTREAM_PORT)))


def canonical(given: Mapping[str, Any]) -> tuple[str, bytes]:
    """Path and bytes of a resource, with everything that admission would do to it."""
    valid = KINDS[given["kind"]].model_validate_json(json.dumps(given))
    return resource_path(valid), to_bytes(valid)


def without(resources: Resources, *kinds: str) -> Resources:
    return {path: text for path, text in resources.items() if json.loads(text)["kind"] not in kinds}


def route(name: str, **spec: Any) -> Resources:
    return dict([canonical(document("Route", name, spec))])


def at_provider(resources: Resources, kind: str) -> Resources:
    """The same, with the models at a provider of another type."""
    path, text = next((path, text) for path, text in resources.items() if "/Provider/" in path)
    given = json.loads(text)
    given["spec"]["type"] = kind
    return {**resources, path: to_bytes(KINDS["Provider"].model_validate_json(json.dumps(given)))}


def policy(kind: str, name: str, **spec: Any) -> Resources:
    """A policy for the route to the models."""
    return dict([canonical(document(kind, name, {"targetRefs": [{"kind": "Route", "name": "models"}], **spec}))])


def many(*, routes: int, credentials: int) -> Resources:
    """So many more routes, and keys of one application. Their texts are those of one that went through the schema."""
    key = {"applicationRef": {"name": "tester"}, "hash": f"sha256:{'f' * 64}"}
    match = {"path": {"value": f"/{FIRST}"}}
    return {
        **_numbered(canonical(document("Credential", FIRST, key)), credentials),
        **_numbered(canonical(document("Route", FIRST, {"matches": [match], "serviceRef": {"name": "rest"}})), routes),
    }


def _numbered(first: tuple[str, bytes], times: int) -> Resources:
    path, text = first
    names = (f"n{number:06}" for number in range(times))
    return {
        path.replace(FIRST, name): text.replace(FIRST.encode(), name.encode()).replace(b"f" * 64, b"%064x" % number)
        for number, name in enumerate(names)
    }


def chat(headers: int = HEADERS) -> Traffic:
    """Chat requests of several lengths, all with the same head but for that."""
    return Traffic(tuple(whole("POST", CHAT_PATH, headers, chat_body(length)) for length in LENGTHS), answer(ANSWER))


def fresh(headers: int = HEADERS) -> Traffic:
    """The same with a `traceparent` of its own in each."""
    field = TRACEPARENT.format(trace=UNIQUE.decode(), span="00f067aa0ba902b7").encode()
    parts = (halves(headers, chat_body(length)) for length in LENGTHS)
    return Traffic(tuple(before + field + after for before, after in parts), answer(ANSWER))


def rest() -> Traffic:
    return Traffic((whole("GET", REST_PATH, HEADERS),), answer(ANSWER))


def posted(*, key: bool = True) -> Traffic:
    """The bytes of `chat`, to a Service."""
    requests = (whole("POST", REST_PATH, HEADERS, chat_body(length)) for length in LENGTHS)
    return Traffic(tuple(each if key else _without_key(each) for each in requests), answer(ANSWER))


def _without_key(request: bytes) -> bytes:
    lines = request.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"Authorization"))


def streamed(events: int) -> Traffic:
    """A stream of so many events, each in a read of its own."""
    return _chunked(CHAT_PATH, _openai_pieces(events))


def _openai_pieces(events: int) -> list[bytes]:
    delta = {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "fox"}}]}
    stop = {**delta, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {**delta, "choices": [], "usage": ANSWER["usage"]}
    return [_event(delta)] * events + [_event(stop) + _event(usage) + b"data: [DONE]\n\n"]


def _chunked(path: str, pieces: list[bytes]) -> Traffic:
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
    request = whole("POST", path, HEADERS, chat_body(LENGTHS[0], stream=True))
    return Traffic((request,), (http("HTTP/1.1 200 OK", fields), *chunks, b"0\r\n\r\n"))


def chat_at_anthropic() -> Traffic:
    """The requests of `chat`, answered by a provider of Anthropic's API."""
    return Traffic(chat().requests, answer(MESSAGE))


def messages_at_openai() -> Traffic:
    """The same in Anthropic's API, answered by a provider of OpenAI's."""
    requests = tuple(whole("POST", MESSAGES_PATH, HEADERS, chat_body(length)) for length in LENGTHS)
    return Traffic(requests, answer(ANSWER))


def messages() -> Traffic:
    """The same, answered by a provider of Anthropic's API."""
    return Traffic(messages_at_openai().requests, answer(MESSAGE))


def streamed_by_anthropic(events: int) -> Traffic:
    """As `streamed`, by a provider of Anthropic's API; each delta comes in a read of its own."""
    start = {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "fox"}}
    end = (
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 70}},
        {"type": "message_stop"},
    )
    pieces = [
        _named_event(start) + _named_event(block),
        *([_named_event(delta)] * events),
        b"".join([_named_event(each) for each in end]),
    ]
    return _chunked(CHAT_PATH, pieces)


def streamed_to_anthropic(events: int) -> Traffic:
    """As `streamed`, for a client of Anthropic's API."""
    return _chunked(MESSAGES_PATH, _openai_pieces(events))


def answer(content: object) -> tuple[bytes, ...]:
    """An answer in one read."""
    body = json.dumps(content).encode()
    fields = {"server": "model-server", "content-type": "application/json", "content-length": str(len(body))}
    return (http("HTTP/1.1 200 OK", fields, body),)


def _named_event(content: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (content["type"].encode(), json.dumps(content).encode())


def _event(content: object) -> bytes:
    return b"data: %b\n\n" % json.dumps(content).encode()
