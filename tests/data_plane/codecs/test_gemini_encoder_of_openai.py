"""Answers and streams of OpenAI's chat, for clients of Gemini's API."""

import json

from pytest import mark

from data_plane.llm.request import GenerateRequest
from tests.fakes.codec_golden import events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful
from tests.fakes.gemini_sdk import answer_of, chunks_of
from tests.fakes.gemini_translation import (
    GEMINI,
    OPENAI,
)
from tests.fakes.sdk_parse import accumulate_openai


@mark.parametrize("name", ["text", "tools", "reasoning", "refusal", "length", "candidates-logprobs", "filtered"])
def test_an_answer_of_openais_is_one_of_geminis(name: str) -> None:
    body = golden("openai-chat", "answers", name)
    given = json.loads(body)

    said = answer_of(GEMINI.encode_response(OPENAI.decode_response(body)))

    assert said.response_id == given["id"]
    assert said.model_version == given["model"]
    assert said.usage_metadata is not None
    assert said.usage_metadata.total_token_count == given["usage"]["total_tokens"]
    for choice, candidate in zip(given["choices"], said.candidates or [], strict=True):
        parts = (candidate.content.parts if candidate.content else None) or []
        words = [part.text for part in parts if part.text and not part.thought]
        assert words == [each for each in (choice["message"].get("content"), choice["message"].get("refusal")) if each]
        for part, call in zip(
            [part.function_call for part in parts if part.function_call],
            choice["message"].get("tool_calls") or [],
            strict=True,
        ):
            assert (part.id, part.name) == (call["id"], call[call["type"]]["name"])
            if call["type"] == "function":
                assert part.args == json.loads(call["function"]["arguments"] or "{}")
            else:
                assert part.args == {"input": call["custom"]["input"]}


@mark.parametrize("name", ["text", "tools", "reasoning", "refusal", "candidates"])
def test_a_stream_of_openais_is_one_of_geminis(name: str) -> None:
    stream = golden("openai-chat", "streams", name)
    events = events_of(OPENAI, stream)
    assert_lawful(events)

    chunks = chunks_of(frames_of(GEMINI, events, GenerateRequest("gemini", "m", [], stream=True)))

    wanted = accumulate_openai(stream)
    for choice in wanted.choices:
        parts = [
            part
            for chunk in chunks
            for each in chunk.candidates or []
            if each.index == choice.index and each.content
            for part in each.content.parts or []
        ]
        words = "".join(part.text or "" for part in parts if not part.thought)
        assert words == (choice.message.content or "") + (choice.message.refusal or "")
        made = [part.function_call for part in parts if part.function_call]
        assert [each.id for each in made] == [each.id for each in choice.message.tool_calls or []]
    assert [each.finish_reason for each in chunks[-1].candidates or []].count(None) == 0


def test_usage_that_comes_after_the_end_is_told_in_the_last_chunk() -> None:
    stream = golden("openai-chat", "streams", "text")

    chunks = chunks_of(frames_of(GEMINI, events_of(OPENAI, stream), GenerateRequest("gemini", "m", [])))

    usage, wanted = chunks[-1].usage_metadata, accumulate_openai(stream).usage
    assert usage is not None
    assert wanted is not None
    assert (usage.prompt_token_count, usage.total_token_count) == (wanted.prompt_tokens, wanted.total_tokens)
