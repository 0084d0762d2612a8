"""Goldens of Gemini's API: read and written again, cut anywhere, damaged value by value, read by its SDK."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import mark

from data_plane.codecs.client_api import Call
from data_plane.codecs.gemini_encoder import GeminiEncoder
from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest, GatewayError, InvalidUpstreamResponse
from data_plane.llm.events import Alive, Ended, Event, Failed, PartKind, Sealed, UsageKnown
from data_plane.llm.loss import Losses
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import Stop
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import cases, documents, encode, events_of, frames_of
from tests.fakes.damage import damages
from tests.fakes.event_law import assert_lawful, lawful_events, text_of
from tests.fakes.gemini_sdk import answer_of, chunks_of, parse_request
from tests.fakes.sdk_parse import StreamError

GEMINI = CODECS["gemini"]
CALL = Call("gemini", "generate_content", b"/models/m:generateContent", model="m")
CLIENTS = (GEMINI, CODECS["openai-chat"], CODECS["anthropic-messages"])
REQUESTS, ANSWERS, STREAMS = (cases("gemini", kind) for kind in ("requests", "answers", "streams"))
BROKEN = ("cut-short", "error", "error-outside")
ALL_TRAITS = (
    UNKNOWN,
    Traits(takes_json_schema=False, takes_prefill=False, takes_unsigned_calls=False, takes_sampling=False),
    Traits(reasoning=ReasoningStyle.BUDGET),
)
BESIDE = {"sdk_http_response"}
ASKED = GenerateRequest("gemini", "m", [], stream=True)


@mark.parametrize(("_", "path"), REQUESTS)
def test_a_request_is_written_as_it_was_read(_: str, path: Path) -> None:
    body, losses = encode(GEMINI, GEMINI.decode_request(path.read_bytes(), CALL))

    assert body == _plain(json.loads(path.read_bytes()))
    assert losses == []
    parse_request(body)


@mark.parametrize(("_", "path"), ANSWERS)
def test_an_answer_is_written_as_it_was_read(_: str, path: Path) -> None:
    written = GEMINI.encode_response(GEMINI.decode_response(path.read_bytes()))

    assert json.loads(written) == json.loads(path.read_bytes())
    said, wanted = (answer_of(body).model_dump(exclude=BESIDE) for body in (written, path.read_bytes()))
    assert said == wanted


@mark.parametrize(("_", "path"), STREAMS)
def test_a_stream_says_the_same_however_it_is_cut(_: str, path: Path) -> None:
    whole = events_of(GEMINI, path.read_bytes())

    assert_lawful(whole)
    assert isinstance(whole[-1], Failed if path.stem in BROKEN else Ended)
    assert events_of(GEMINI, path.read_bytes(), 1) == whole
    assert events_of(GEMINI, path.read_bytes(), 7) == whole


@mark.parametrize(("_", "path"), [case for case in STREAMS if case.values[1].stem not in (*BROKEN, "framing")])
def test_the_sdk_makes_the_same_of_a_stream_that_was_read_and_written(_: str, path: Path) -> None:
    written = frames_of(GEMINI, events_of(GEMINI, path.read_bytes()), ASKED)

    said, wanted = (_said(chunks_of(stream)) for stream in (written, path.read_bytes()))

    if path.stem == "partial-args":  # its pieces are told whole
        assert said["parts"][0][0]["function_call"]["args"] == {"city": "Bonn", "days": [{"n": 3}], "is far": False}
        del said["parts"], wanted["parts"]
    assert said == wanted


@mark.parametrize(("_", "path"), [case for case in STREAMS if case.values[1].stem not in BROKEN])
def test_a_stream_is_an_array_for_whoever_wants_one(_: str, path: Path) -> None:
    events = [Alive(), *events_of(GEMINI, path.read_bytes()), Alive()]
    wants = GenerateRequest("gemini", "m", [], stream=True, wants_array=True)

    assert json.loads(frames_of(GEMINI, events, wants)) == documents(frames_of(GEMINI, events, ASKED))


@mark.parametrize("wants_array", [False, True])
@mark.parametrize("name", BROKEN)
def test_a_broken_stream_never_ends_cleanly(name: str, wants_array: bool) -> None:
    path = next(case.values[1] for case in STREAMS if case.values[1].stem == name)
    wants = GenerateRequest("gemini", "m", [], stream=True, wants_array=wants_array)

    written = frames_of(GEMINI, events_of(GEMINI, path.read_bytes()), wants)

    chunks = json.loads(written) if wants_array else documents(written)
    assert [list(each) for each in chunks][-1] == ["error"]
    if not wants_array:
        try:
            chunks_of(written)
            raise AssertionError("the SDK saw no error")
        except StreamError:
            pass


@mark.parametrize(("_", "path"), REQUESTS)
def test_a_damaged_request_is_refused_or_understood(_: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            request = GEMINI.decode_request(damaged, CALL)
        except BadRequest:
            continue
        for provider in CLIENTS:
            for traits in ALL_TRAITS:
                json.loads(provider.encode_request(request, traits, Losses()))


@mark.parametrize("api", ["openai-chat", "anthropic-messages"])
def test_other_apis_requests_are_written_however_damaged(api: str) -> None:
    client = CODECS[api]
    call = Call("openai", "chat", b"/") if api == "openai-chat" else Call("anthropic", "messages", b"/")
    for case in cases(api, "requests"):
        for damaged in damages(case.values[1].read_bytes()):
            try:
                request = client.decode_request(damaged, call)
            except BadRequest:
                continue
            for traits in ALL_TRAITS:
                json.loads(GEMINI.encode_request(request, traits, Losses()))


@mark.parametrize(("_", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(_: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            response = GEMINI.decode_response(damaged)
        except InvalidUpstreamResponse:
            continue
        for client in CLIENTS:
            try:
                json.loads(client.encode_response(response))
            except InvalidUpstreamResponse:
                assert response.candidates[0].stop is Stop.MALFORMED_TOOL


@mark.parametrize(("_", "path"), STREAMS)
def test_a_damaged_stream_fails_visibly_or_is_understood(_: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            events = events_of(GEMINI, damaged)
        except GatewayError:
            continue
        assert_lawful(events)
        for client in CLIENTS:
            documents(frames_of(client, events, ASKED))


@given(st.sampled_from(["", "gemini", "anthropic-messages"]).flatmap(lambda api: lawful_events(api, candidates=2)))
@settings(max_examples=60, deadline=None)
def test_the_sdk_reads_whatever_a_provider_may_send(events: list[Event]) -> None:
    for event in events:
        if isinstance(event, Sealed) and event.signature:
            event.signature = b64encode(event.signature.encode()).decode()
    stream = b"".join(GeminiEncoder(ASKED).feed(events))

    if isinstance(events[-1], Failed):
        try:
            chunks_of(stream)
            raise AssertionError("the SDK saw no error")
        except StreamError:
            return
    chunks = chunks_of(stream)
    for candidate in (0, 1):
        said = _parts(chunks, candidate)
        texts = "".join(part.get("text") or "" for part in said if not part.get("thought"))
        assert texts == _texts(events, candidate)
        calls = [part["function_call"] for part in said if part.get("function_call")]
        wanted = [json.loads(text) for text in text_of(events, PartKind.TOOL_CALL, candidate)]
        assert [call.get("args") or {} for call in calls] == wanted
    last = [event.usage for event in events if isinstance(event, UsageKnown)][-1]
    counted = chunks[-1].usage_metadata
    assert counted is not None
    assert counted.total_token_count == sum(getattr(last, name) for name in last.__struct_fields__)


def _texts(events: list[Event], candidate: int) -> str:
    """Text and refusals, in order."""
    kinds: dict[int, PartKind] = {}
    words = ""
    for event in events:
        if getattr(event, "candidate", None) != candidate:
            continue
        if hasattr(event, "kind"):
            kinds[event.part] = event.kind  # type: ignore[union-attr]
        elif hasattr(event, "text") and kinds[event.part] in (PartKind.TEXT, PartKind.REFUSAL):  # type: ignore[union-attr]
            words += event.text
    return words


def _plain(request: dict[str, Any]) -> dict[str, Any]:
    """What stands for nothing is not written."""
    for tool in request.get("tools", []):
        for each in tool.get("functionDeclarations", []):
            if not each.get("description"):
                each.pop("description", None)
    return request


def _said(chunks: list[Any]) -> dict[str, Any]:
    """All that an SDK's caller learns of a stream."""
    dumped = [chunk.model_dump(exclude_none=True, exclude=BESIDE) for chunk in chunks]
    ends: dict[int, dict[str, Any]] = {}
    for chunk in dumped:
        for candidate in chunk.get("candidates", []):
            number = candidate.pop("index", 0)
            candidate.pop("content", None)
            candidate.pop("logprobs_result", None)
            ends[number] = {**ends.get(number, {}), **candidate}
    return {
        "parts": [_parts(chunks, number) for number in sorted(ends)],
        "ends": ends,
        "usage": [chunk["usage_metadata"] for chunk in dumped if "usage_metadata" in chunk][-1],
        "feedback": dumped[0].get("prompt_feedback"),
        "id": {chunk["response_id"] for chunk in dumped},
        "tokens": [
            each.logprobs_result.model_dump(exclude_none=True)
            for chunk in chunks
            for each in chunk.candidates or []
            if each.logprobs_result
        ],
    }


def _parts(chunks: list[Any], candidate: int) -> list[dict[str, Any]]:
    """With the text of pieces joined."""
    parts: list[dict[str, Any]] = []
    for chunk in chunks:
        for each in chunk.candidates or []:
            if (each.index or 0) != candidate or each.content is None:
                continue
            for part in each.content.parts or []:
                dumped = part.model_dump(exclude_none=True)
                last = parts[-1] if parts else {}
                is_more = "text" in dumped and "text" in last and "thought_signature" not in last
                if is_more and last.get("thought") == dumped.get("thought"):
                    parts[-1] = {**last, **dumped, "text": last["text"] + dumped["text"]}
                else:
                    parts.append(dumped)
    return parts
