"""Mistral against its SDK, whose models are the provider's schema: other fields are errors there."""

import json
from typing import Any

from mistralai.client import Mistral
from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionRequest,
    EmbeddingRequest,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from openai import OpenAI
from pydantic import BaseModel
from pytest import fixture, mark

from data_plane.providers.mistral import MISTRAL, SURFACES
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, url_of, worded

ROLES: dict[str, type[BaseModel]] = {
    "assistant": AssistantMessage,
    "system": SystemMessage,
    "tool": ToolMessage,
    "user": UserMessage,
}
CHAT = SURFACES["openai-chat"]


def names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def assert_accepted(body: dict[str, Any]) -> None:
    """What Mistral's schema refuses, in fields and in those of messages."""
    assert set(body) <= names(ChatCompletionRequest) | {"prompt_cache_key"}  # documented, but not in the SDK yet
    for message in body["messages"]:
        assert set(message) <= names(ROLES[message["role"]]), message
    ChatCompletionRequest.model_validate({name: value for name, value in body.items() if name != "prompt_cache_key"})


@fixture
def recorder() -> Recorder:
    return Recorder()


def test_chat_is_asked_as_by_the_sdk(recorder: Recorder) -> None:
    sdk = Mistral(api_key="k", client=recorder.httpx())
    hello: Any = [{"role": "user", "content": "hi"}]
    sent = recorder.of(
        lambda: sdk.chat.complete(
            model="mistral-large-latest",
            messages=hello,
            max_tokens=5,
            random_seed=7,
            tool_choice="required",
            n=2,
            parallel_tool_calls=False,
        )
    )
    asked = Asked("mistral-large-latest")
    client = {
        "model": "asked",
        "messages": hello,
        "max_completion_tokens": 5,
        "seed": 7,
        "tool_choice": "required",  # which it takes beside its own `any`
        "n": 2,
        "parallel_tool_calls": False,
        "stream": False,
    }

    assert url_of(MISTRAL, "openai-chat", asked, Place()) == sent.url
    assert sent.headers[CHAT.key_header] == "Bearer k"
    assert worded(CHAT, client, asked) == sent.body


def test_what_openai_s_sdk_sends_of_a_whole_conversation_is_accepted(recorder: Recorder) -> None:
    turns: Any = [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            "audio": None,
            "function_call": None,
            "reasoning_content": "hm",
            "tool_calls": [{"id": "call_1234567890", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "call_1234567890", "content": "x"},
    ]
    sdk = OpenAI(api_key="k", http_client=recorder.httpx2())
    sent = recorder.of(
        lambda: sdk.chat.completions.create(
            model="asked",
            messages=turns,
            max_completion_tokens=9,
            seed=1,
            user="u",
            safety_identifier="s",
            prompt_cache_key="p",
            store=False,
            stream=True,
            stream_options={"include_usage": True},
            metadata={"a": "b"},
        )
    )
    made = worded(CHAT, sent.body, Asked("m"))

    assert_accepted(made)
    assert made["messages"][0] == {"role": "system", "content": "be brief"}
    assert made["messages"][2]["content"] == [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    assert made["messages"][3]["tool_call_id"] == made["messages"][2]["tool_calls"][0]["id"] != "call_1234567890"
    assert (made["prompt_cache_key"], made["metadata"]) == ("p", {"a": "b"})


@mark.parametrize("name, value", [("logit_bias", {"1": 1}), ("verbosity", "low"), ("store", True)])
def test_what_it_has_no_equivalent_for_is_left_to_be_refused(name: str, value: object) -> None:
    assert worded(CHAT, {"messages": [], name: value}, Asked("m"))[name] == value


@mark.parametrize(
    "message, content",
    [
        ({"content": "text", "reasoning_content": "hm"}, [{"type": "text", "text": "text"}]),
        ({"content": [{"type": "text", "text": "a"}], "reasoning_content": "hm"}, [{"type": "text", "text": "a"}]),
        ({"content": "", "reasoning_content": "hm"}, []),
        ({"reasoning_content": "hm"}, []),
        ({"content": 1, "reasoning_content": "hm"}, []),
    ],
)
def test_a_thought_stands_before_the_text(message: dict[str, Any], content: list[Any]) -> None:
    made = worded(CHAT, {"messages": [{"role": "assistant", **message}]}, Asked("m"))["messages"][0]
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}

    assert made == {"role": "assistant", "content": [thought, *content]}
    AssistantMessage.model_validate(made)


@mark.parametrize("thought", ["", None])
def test_no_thought_is_none(thought: str | None) -> None:
    given = {"role": "assistant", "content": "x", "reasoning_content": thought}

    assert worded(CHAT, {"messages": [given]}, Asked("m"))["messages"] == [{"role": "assistant", "content": "x"}]


def test_embeddings_are_asked_as_by_the_sdk(recorder: Recorder) -> None:
    sdk = Mistral(api_key="k", client=recorder.httpx())
    sent = recorder.of(lambda: sdk.embeddings.create(model="codestral-embed", inputs=["x"], output_dimension=4))
    asked = Asked("codestral-embed")
    client = {"model": "asked", "input": ["x"], "dimensions": 4, "user": "u"}

    assert url_of(MISTRAL, "openai-embeddings", asked, Place()) == sent.url
    made = worded(SURFACES["openai-embeddings"], client, asked)
    assert made == sent.body and set(made) <= names(EmbeddingRequest), json.dumps(made)


def test_moderations_which_answer_in_other_words_are_not_spoken() -> None:
    assert "openai-moderations" not in SURFACES
