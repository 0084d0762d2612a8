"""Goldens of OpenAI's Responses: read and written again, cut anywhere, damaged value by value."""

import json
from pathlib import Path
from typing import Any

from pytest import mark

from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest, GatewayError, InvalidUpstreamResponse
from data_plane.llm.events import Ended, Failed
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import CALLS, cases, decode, documents, encode, events_of, frames_of, golden
from tests.fakes.damage import damages
from tests.fakes.event_law import assert_lawful
from tests.fakes.sdk_parse import StreamError, accumulate_anthropic, accumulate_openai

API = "openai-responses"
CODEC = CODECS[API]
CLIENTS = ("anthropic-messages", "openai-chat", API)
ACCUMULATE: dict[str, Any] = {
    "anthropic-messages": accumulate_anthropic,
    "openai-chat": accumulate_openai,
    API: responses_sdk.accumulate,
}
REQUESTS, ANSWERS, STREAMS = (cases(API, kind) for kind in ("requests", "answers", "streams"))
BROKEN = ("cut-short", "error", "failed")
ALIKE = ("framing", "length", "filtered", "messages", "cut-short")  # of which others have all values
LOOSE = ("framing", "no-deltas", "only-ends", "queued-unknown")  # which the SDK does not read itself
BARE = {"type", "role", "content"}


def plain(value: Any, key: str = "") -> Any:
    """The same for all ways in which the API lets it be written."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    fields = {name: plain(each, name) for name, each in value.items() if each is not None and name != "obfuscation"}
    if "role" in fields:
        fields["type"] = "message"
        if isinstance(fields["content"], str):
            kind = "output_text" if fields["role"] == "assistant" else "input_text"
            fields["content"] = [{"type": kind, "text": fields["content"]}]
    for name in ("annotations", "logprobs"):
        if fields.get(name) == []:
            del fields[name]
    return fields


@mark.parametrize(("api", "path"), REQUESTS)
def test_a_request_is_written_as_it_was_read(api: str, path: Path) -> None:
    body, losses = encode(CODEC, decode(CODEC, path.read_bytes()))

    assert plain(body) == plain(json.loads(path.read_bytes()))
    assert losses == []


@mark.parametrize(("api", "path"), ANSWERS)
def test_an_answer_is_written_as_it_was_read(api: str, path: Path) -> None:
    body = CODEC.encode_response(CODEC.decode_response(path.read_bytes()))

    assert plain(json.loads(body)) == plain(json.loads(path.read_bytes()))
    assert responses_sdk.parse_answer(body) == responses_sdk.parse_answer(path.read_bytes())


@mark.parametrize(("api", "path"), STREAMS)
def test_a_stream_says_the_same_however_it_is_cut(api: str, path: Path) -> None:
    whole = events_of(CODEC, path.read_bytes())

    assert_lawful(whole)
    assert isinstance(whole[-1], Failed if path.stem in BROKEN else Ended)
    assert events_of(CODEC, path.read_bytes(), 1) == whole
    assert events_of(CODEC, path.read_bytes(), 7) == whole


@mark.parametrize(("api", "path"), [case for case in STREAMS if case.values[1].stem not in (*BROKEN, *LOOSE)])
def test_an_sdk_makes_the_same_of_a_stream_that_was_read_and_written(api: str, path: Path) -> None:
    request = decode(CODEC, golden(API, "requests", "minimal"))

    said = responses_sdk.accumulate(frames_of(CODEC, events_of(CODEC, path.read_bytes()), request))

    wanted = responses_sdk.accumulate(path.read_bytes())
    assert plain_answer(said) == plain_answer(wanted)


def plain_answer(answer: Any) -> Any:
    """Without ids of calls' items, which events do not carry, and what is known of the request only."""
    fields = ("id", "model", "created_at", "status", "incomplete_details", "output", "usage", "service_tier")
    body = plain(answer.model_dump(mode="json", include=set(fields)))
    for item in body["output"]:
        if item["type"] in ("function_call", "custom_tool_call"):
            del item["id"]
    return body


@mark.parametrize("name", LOOSE)
def test_a_stream_that_leaves_events_out_is_made_whole(name: str) -> None:
    request = decode(CODEC, golden(API, "requests", "minimal"))

    events = events_of(CODEC, golden(API, "streams", name))
    said = responses_sdk.accumulate(frames_of(CODEC, events, request))

    assert said.status == "completed"
    last = documents(golden(API, "streams", name).replace(b"\r\n", b"\n").replace(b"data:{", b"data: {"))[-1]
    wanted = responses_sdk.parse_answer(json.dumps(last["response"]).encode())
    assert plain_answer(said) == plain_answer(wanted)


@mark.parametrize("client", CLIENTS)
@mark.parametrize("name", BROKEN)
def test_a_broken_stream_never_ends_cleanly(name: str, client: str) -> None:
    events = events_of(CODEC, golden(API, "streams", name))
    request = decode(CODECS[client], golden(client, "requests", "minimal"))
    try:
        ACCUMULATE[client](frames_of(CODECS[client], events, request))
        raise AssertionError("the SDK saw no error")
    except StreamError:
        pass


@mark.parametrize("client", ("anthropic-messages", "openai-chat"))
@mark.parametrize("name", BROKEN)
def test_another_providers_broken_stream_never_ends_cleanly(name: str, client: str) -> None:
    names = {"failed": "overloaded"} if client == "anthropic-messages" else {"failed": "error"}
    file = names.get(name, "overloaded" if name == "error" and client == "anthropic-messages" else name)
    events = events_of(CODECS[client], golden(client, "streams", file))
    try:
        responses_sdk.accumulate(frames_of(CODEC, events, decode(CODEC, golden(API, "requests", "minimal"))))
        raise AssertionError("the SDK saw no error")
    except StreamError:
        pass


@mark.parametrize(("api", "path"), REQUESTS)
def test_a_damaged_request_is_refused_or_understood(api: str, path: Path) -> None:
    count = 0
    for damaged in damages(path.read_bytes()):
        count += 1
        try:
            request = CODEC.decode_request(damaged, CALLS[API])
        except BadRequest:
            continue
        for other in CLIENTS:
            for traits in (UNKNOWN, Traits(takes_json_schema=False, takes_prefill=False)):
                json.loads(CODECS[other].encode_request(request, traits, Losses()))
    assert count > 10


@mark.parametrize(("api", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(api: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            response = CODEC.decode_response(damaged)
            for other in CLIENTS:
                json.loads(CODECS[other].encode_response(response))
        except InvalidUpstreamResponse:
            continue


@mark.parametrize(("api", "path"), [case for case in STREAMS if case.values[1].stem not in ALIKE])
def test_a_damaged_stream_fails_visibly_or_is_understood(api: str, path: Path) -> None:
    clients = [(CODECS[other], decode(CODECS[other], golden(other, "requests", "minimal"))) for other in CLIENTS]
    for damaged in damages(path.read_bytes()):
        try:
            events = events_of(CODEC, damaged)
        except GatewayError:
            continue
        assert_lawful(events)
        for client, request in clients:
            documents(frames_of(client, events, request))
