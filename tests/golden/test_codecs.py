"""Goldens of OpenAI's chat and Anthropic's messages: read and written again, cut anywhere, damaged value by value."""

import json
from pathlib import Path
from typing import Any

from pytest import mark

from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest, GatewayError, InvalidUpstreamResponse
from data_plane.llm.events import Ended, Failed
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.codec_golden import CALLS, cases, decode, documents, encode, events_of, frames_of, golden
from tests.fakes.damage import damages
from tests.fakes.event_law import assert_lawful
from tests.fakes.sdk_parse import StreamError, accumulate_anthropic, accumulate_openai

APIS = ("anthropic-messages", "openai-chat")
REQUESTS = [case for api in APIS for case in cases(api, "requests")]
ANSWERS = [case for api in APIS for case in cases(api, "answers")]
STREAMS = [case for api in APIS for case in cases(api, "streams")]
BROKEN = ("error", "overloaded", "cut-short")
LOOSE = (
    "framing",
    "no-done",
    "azure",
    "tool-calls-whole",
    "mistral",
    "custom-tool",
)  # what SDKs do not read themselves
ACCUMULATE: dict[str, Any] = {"anthropic-messages": accumulate_anthropic, "openai-chat": accumulate_openai}


def plain(value: Any, key: str = "") -> Any:
    """The same for all ways in which the APIs let it be written."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if key in ("content", "system") and isinstance(value, str):
        return [{"type": "text", "text": value}]
    if not isinstance(value, dict):
        return value
    fields = {name: plain(each, name) for name, each in value.items() if each is not None}
    if fields.get("is_error") is False:
        del fields["is_error"]
    return fields


@mark.parametrize(("api", "path"), REQUESTS)
def test_a_request_is_written_as_it_was_read(api: str, path: Path) -> None:
    codec = CODECS[api]

    body, losses = encode(codec, decode(codec, path.read_bytes()))

    assert plain(body) == plain(json.loads(path.read_bytes()))
    assert losses == []


@mark.parametrize(("api", "path"), ANSWERS)
def test_an_answer_is_written_as_it_was_read(api: str, path: Path) -> None:
    codec = CODECS[api]

    body = json.loads(codec.encode_response(codec.decode_response(path.read_bytes())))

    assert plain(body) == plain(json.loads(path.read_bytes()))


@mark.parametrize(("api", "path"), STREAMS)
def test_a_stream_says_the_same_however_it_is_cut(api: str, path: Path) -> None:
    whole = events_of(CODECS[api], path.read_bytes())

    assert_lawful(whole)
    assert isinstance(whole[-1], Failed if path.stem in BROKEN else Ended)
    assert events_of(CODECS[api], path.read_bytes(), 1) == whole
    assert events_of(CODECS[api], path.read_bytes(), 7) == whole


@mark.parametrize(("api", "path"), [case for case in STREAMS if case.values[1].stem not in (*BROKEN, *LOOSE)])
def test_an_sdk_makes_the_same_of_a_stream_that_was_read_and_written(api: str, path: Path) -> None:
    codec = CODECS[api]
    request = decode(codec, golden(api, "requests", "minimal"))
    request.wants_usage = True

    written = frames_of(codec, events_of(codec, path.read_bytes()), request)

    said = ACCUMULATE[api](written).model_dump(exclude_none=True)
    wanted = ACCUMULATE[api](path.read_bytes()).model_dump(exclude_none=True)
    for choice in wanted.get("choices", []):  # no arguments are an empty object
        for call in choice["message"].get("tool_calls", []):
            call["function"]["arguments"] = call["function"]["arguments"] or "{}"
            call.pop("index", None)
    for choice in said.get("choices", []):
        for call in choice["message"].get("tool_calls", []):
            call.pop("index", None)
    assert said == wanted


@mark.parametrize(("api", "path"), [case for case in STREAMS if case.values[1].stem in BROKEN])
def test_a_broken_stream_never_ends_cleanly(api: str, path: Path) -> None:
    events = events_of(CODECS[api], path.read_bytes())
    for client in APIS:
        request = decode(CODECS[client], golden(client, "requests", "minimal"))
        try:
            ACCUMULATE[client](frames_of(CODECS[client], events, request))
            raise AssertionError("the SDK saw no error")
        except StreamError:
            pass


@mark.parametrize(("api", "path"), REQUESTS)
def test_a_damaged_request_is_refused_or_understood(api: str, path: Path) -> None:
    count = 0
    for damaged in damages(path.read_bytes()):
        count += 1
        try:
            request = CODECS[api].decode_request(damaged, CALLS[api])
        except BadRequest:
            continue
        for other in APIS:
            for traits in (UNKNOWN, Traits(takes_json_schema=False, takes_prefill=False)):
                json.loads(CODECS[other].encode_request(request, traits, Losses()))
    assert count > 10


@mark.parametrize(("api", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(api: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            response = CODECS[api].decode_response(damaged)
            for other in APIS:
                json.loads(CODECS[other].encode_response(response))
        except InvalidUpstreamResponse:
            continue


@mark.parametrize(("api", "path"), STREAMS)
def test_a_damaged_stream_fails_visibly_or_is_understood(api: str, path: Path) -> None:
    clients = [(CODECS[other], decode(CODECS[other], golden(other, "requests", "minimal"))) for other in APIS]
    for damaged in damages(path.read_bytes()):
        try:
            events = events_of(CODECS[api], damaged)
        except GatewayError:
            continue
        assert_lawful(events)
        for client, request in clients:
            documents(frames_of(client, events, request))
