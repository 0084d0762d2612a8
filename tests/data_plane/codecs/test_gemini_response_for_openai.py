"""Answers and streams of Gemini's, for clients of OpenAI's chat."""

import json

from pytest import mark, param, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.events import CandidateEnded, Ended, Failed
from data_plane.llm.request import GenerateRequest
from tests.fakes.codec_golden import documents, events_of, frames_of, golden
from tests.fakes.gemini_translation import (
    GEMINI,
    OPENAI,
)
from tests.fakes.sdk_parse import accumulate_openai, parse_openai_answer

STOPS = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    *((word, "content_filter") for word in ("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY")),
    *((word, "content_filter") for word in ("IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR", "RECITATION")),
    ("IMAGE_RECITATION", "content_filter"),
    *((word, "stop") for word in ("LANGUAGE", "OTHER", "NO_IMAGE", "IMAGE_OTHER", "ESCALATION", "SOMETHING_NEW")),
    ("FINISH_REASON_UNSPECIFIED", "stop"),
    ("", "stop"),
]


@mark.parametrize(("word", "wanted"), STOPS)
def test_reasons_to_end_are_those_that_openais_sdk_knows(word: str, wanted: str) -> None:
    answer = {"candidates": [{"content": {"parts": [{"text": "A"}]}, "finishReason": word}], "responseId": "r"}

    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(json.dumps(answer).encode())))

    assert said.choices[0].finish_reason == wanted


@mark.parametrize(
    "word",
    [
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
    ],
)
def test_a_call_that_cannot_be_made_is_no_clean_end(word: str) -> None:
    events = events_of(GEMINI, b'data: {"candidates": [{"finishReason": "%b"}]}\n\n' % word.encode())

    chunks = documents(frames_of(OPENAI, events, GenerateRequest("openai-chat", "m", [])))

    assert "error" in chunks[-1]


def test_a_refused_prompt_is_a_refusal() -> None:
    answer = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "blocked"))))
    streamed = accumulate_openai(_openai_stream("blocked"))

    for said in (answer, streamed):
        assert said.choices[0].finish_reason == "content_filter"


def test_an_error_in_what_should_be_an_answer_is_none() -> None:
    with raises(InvalidUpstreamResponse, match="`error` stands in an answer"):
        GEMINI.decode_response(b'{"error": {"code": 500, "message": "M", "status": "INTERNAL"}}')


def test_the_words_of_a_refusal_are_told() -> None:
    feedback = {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "Not this."}, "responseId": "r"}

    answer = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(json.dumps(feedback).encode())))

    assert answer.choices[0].message.refusal == "Not this."


def test_usage_is_counted_alike() -> None:
    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "thinking"))))

    usage = said.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (110, 35, 145)
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert (usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens_details.audio_tokens) == (40, 10)
    assert usage.completion_tokens_details.reasoning_tokens == 15


def test_logprobs_and_candidates_are_told() -> None:
    body = golden("gemini", "answers", "candidates-logprobs")
    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(body)))

    assert [choice.message.content for choice in said.choices] == ["Yes", "No"]
    assert said.choices[0].logprobs is not None
    (token,) = said.choices[0].logprobs.content or []
    assert (token.token, token.logprob) == ("Yes", -0.5)
    assert [(each.token, each.logprob) for each in token.top_logprobs] == [("Yes", -0.5), ("No", -1.25)]


def _openai_stream(name: str) -> bytes:
    asked = GenerateRequest("openai-chat", "m", [], stream=True)
    return frames_of(OPENAI, events_of(GEMINI, golden("gemini", "streams", name)), asked)


def test_a_stream_of_geminis_is_one_of_openais() -> None:
    said = accumulate_openai(_openai_stream("thinking-tools"))

    message = said.choices[0].message
    assert message.content == "I look."
    assert [each.model_dump()["function"]["arguments"] for each in message.tool_calls or []] == [
        '{"city": "Bonn"}',
        '{"city": "Rome"}',
        "{}",
    ]
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (10, 9)


@mark.parametrize(
    ("name", "client"),
    [
        param(name, client, id=f"{name}-{client}")
        for name in ("error", "cut-short")
        for client in ("gemini", "openai-chat")
    ],
)
def test_a_broken_stream_is_visibly_broken(name: str, client: str) -> None:
    events = events_of(GEMINI, golden("gemini", "streams", name))

    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, Ended | CandidateEnded) for event in events)
    chunks = documents(frames_of(CODECS[client], events, GenerateRequest(client, "m", [])))
    assert "error" in chunks[-1]
