"""The tables of the page on translation: each cell is what the codecs do."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from data_plane.codecs import anthropic_response, gemini_response, openai_chat_response, responses_response
from data_plane.codecs.client_api import Call
from data_plane.codecs.failure_error import ERRORS
from data_plane.codecs.table import CODECS
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.response import Stop
from data_plane.llm.traits import Traits
from tests.docs.markdown import ROOT

PAGE = (ROOT / "docs" / "translation.md").read_text()
COLUMNS = {
    "Chat": "openai-chat",
    "Responses": "openai-responses",
    "Anthropic": "anthropic-messages",
    "Gemini": "gemini",
    "Bedrock": "bedrock-converse",
}
DATA = "iVBORw0KGgo="
Json = dict[str, Any]
TALK = [{"role": "user", "content": "Hi"}]
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}


def chat(*content: Json, **fields: Any) -> Json:
    return {"model": "m", "messages": [{"role": "user", "content": list(content)}] if content else TALK, **fields}


def responses(**fields: Any) -> Json:
    return {"model": "m", "input": "Hi", **fields}


def messages(*content: Json, **fields: Any) -> Json:
    talk = [{"role": "user", "content": list(content)}] if content else TALK
    return {"model": "m", "max_tokens": 9000, "messages": talk, **fields}


def gemini(*parts: Json, **fields: Any) -> Json:
    return {"contents": [{"role": "user", "parts": list(parts) or [{"text": "Hi"}]}], **fields}


def configured(**config: Any) -> Json:
    return gemini(generationConfig=config)


def declared(mode: str) -> Json:
    return gemini(
        tools=[{"functionDeclarations": [{"name": "f"}]}], toolConfig={"functionCallingConfig": {"mode": mode}}
    )


TOOL = {"name": "f", "input_schema": {"type": "object"}}
CALLED = [
    *TALK,
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": "bad"}]},
]
PDF = {"type": "base64", "media_type": "application/pdf", "data": DATA}
FILE = "https://generativelanguage.googleapis.com/v1beta/files/x"
# By section and row of the page, requests that use what it is about: each must do what the row says.
REQUESTS: Mapping[str, Mapping[str, list[Json]]] = {
    "openai-chat": {
        "`system`, `developer`, at the start or later": [
            chat(messages=[{"role": "system", "content": "x"}, *TALK]),
            chat(messages=[{"role": "developer", "content": "x"}, *TALK]),
            chat(messages=[*TALK, {"role": "system", "content": "x"}, *TALK]),
        ],
        "`name` of a message": [chat(messages=[{"role": "user", "content": "Hi", "name": "bob"}])],
        "`image_url` with data": [
            chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}),
        ],
        "`image_url` with an address": [chat({"type": "image_url", "image_url": {"url": "https://host/a.png"}})],
        "`file` with data": [
            chat({"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{DATA}"}})
        ],
        "`file` by `file_id`": [chat({"type": "file", "file": {"file_id": "file-1"}})],
        "`input_audio`": [chat({"type": "input_audio", "input_audio": {"format": "wav", "data": DATA}})],
        "functions in `tools`, with `strict`": [chat(tools=[FUNCTION])],
        "custom tools": [chat(tools=[{"type": "custom", "custom": {"name": "c"}}])],
        "`tool_choice`": [
            chat(tools=[FUNCTION], tool_choice="required"),
            chat(tools=[FUNCTION], tool_choice="none"),
            chat(tools=[FUNCTION], tool_choice={"type": "function", "function": {"name": "f"}}),
        ],
        "`parallel_tool_calls: false`": [chat(tools=[FUNCTION], parallel_tool_calls=False)],
        "`response_format`": [
            chat(response_format={"type": "json_object"}),
            chat(response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}),
        ],
        "`reasoning_effort`": [chat(reasoning_effort=word) for word in ("none", "low", "high")],
        "`temperature` up to 1, `top_p`": [chat(temperature=0.5), chat(temperature=1), chat(top_p=0.5)],
        "`temperature` above 1": [chat(temperature=1.5)],
        "`stop`": [chat(stop=["x"])],
        "`seed`": [chat(seed=1)],
        "`n`": [chat(n=2)],
        "`logprobs`, `top_logprobs`": [chat(logprobs=True, top_logprobs=2)],
        "`logit_bias`": [chat(logit_bias={"1": 1})],
        "`frequency_penalty`, `presence_penalty`": [chat(frequency_penalty=1), chat(presence_penalty=1)],
        "`top_k`": [chat(top_k=3)],
        "`metadata`": [chat(metadata={"a": "b"})],
        "`store: true`": [chat(store=True)],
        "`service_tier: default`": [chat(service_tier="default")],
        "`verbosity`": [chat(verbosity="low")],
        "`modalities` with `audio`": [chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})],
        "`prediction`, `web_search_options`": [
            chat(prediction={"type": "content", "content": "x"}),
            chat(web_search_options={}),
        ],
        "fields that nobody knows": [chat(unheard_of=1)],
    },
    "openai-responses": {
        "`instructions`": [responses(instructions="x")],
        "`reasoning`, with `summary`": [responses(reasoning={"effort": "low", "summary": "auto"})],
        "functions in `tools`": [
            responses(tools=[{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}])
        ],
        "tools that OpenAI carries out, `mcp` among them": [
            responses(tools=[{"type": "web_search"}]),
            responses(tools=[{"type": "mcp", "server_label": "x", "server_url": "https://host"}]),
        ],
        "`text.format`": [responses(text={"format": {"type": "json_schema", "name": "s", "schema": SCHEMA}})],
        "`text.verbosity`": [responses(text={"verbosity": "low"})],
        "`store: true`": [responses(store=True)],
        "`truncation: auto`, `max_tool_calls`": [responses(truncation="auto"), responses(max_tool_calls=3)],
        "`previous_response_id`": [responses(previous_response_id="resp_1")],
        "`background`": [responses(background=True)],
    },
    "anthropic-messages": {
        "`system`": [messages(system="x")],
        "`thinking`, `output_config.effort`": [
            messages(thinking={"type": "enabled", "budget_tokens": 2000}),
            messages(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        ],
        "`output_config.format`": [messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}})],
        "tools, `tool_choice`": [messages(tools=[TOOL]), messages(tools=[TOOL], tool_choice={"type": "any"})],
        "`disable_parallel_tool_use`": [
            messages(tools=[TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True})
        ],
        "tools that Anthropic carries out": [messages(tools=[{"type": "web_search_20250305", "name": "web_search"}])],
        "`top_k`": [messages(top_k=3)],
        "`stop_sequences`": [messages(stop_sequences=["x"])],
        "documents with data": [
            messages({"type": "document", "source": PDF}),
            messages({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}),
        ],
        "documents with an address": [
            messages({"type": "document", "source": {"type": "url", "url": "https://host/a.pdf"}})
        ],
        "the beginning of the answer as last message": [
            messages(messages=[*TALK, {"role": "assistant", "content": "It is"}])
        ],
        "`is_error` of a result": [messages(tools=[TOOL], messages=CALLED)],
        "`metadata.user_id`": [messages(metadata={"user_id": "u"})],
        "`container`, `mcp_servers`, `inference_geo`": [
            messages(container="c"),
            messages(mcp_servers=[]),
            messages(inference_geo="us"),
        ],
    },
    "gemini": {
        "`systemInstruction`": [gemini(systemInstruction={"parts": [{"text": "x"}]})],
        "`thinkingConfig`": [configured(thinkingConfig={"thinkingBudget": 2000, "includeThoughts": True})],
        "`responseSchema`": [configured(responseMimeType="application/json", responseSchema={"type": "OBJECT"})],
        "`functionDeclarations`, `mode: ANY`": [declared("ANY")],
        "`mode: VALIDATED`": [declared("VALIDATED")],
        "`googleSearch`, `codeExecution`": [
            gemini(tools=[{"googleSearch": {}}]),
            gemini(tools=[{"codeExecution": {}}]),
        ],
        "`candidateCount`": [configured(candidateCount=2)],
        "`topK`": [configured(topK=3)],
        "`seed`": [configured(seed=1)],
        "`responseLogprobs`": [configured(responseLogprobs=True, logprobs=2)],
        "`safetySettings`, `cachedContent`, `labels`": [
            gemini(safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
            gemini(cachedContent="cachedContents/x"),
            gemini(labels={"a": "b"}),
        ],
        "`inlineData` of an image": [gemini({"inlineData": {"mimeType": "image/png", "data": DATA}})],
        "`inlineData` of audio": [gemini({"inlineData": {"mimeType": "audio/wav", "data": DATA}})],
        "`fileData` of Gemini's own files": [gemini({"fileData": {"fileUri": FILE, "mimeType": "application/pdf"}})],
    },
}
SECTIONS = {
    "openai-chat": "### Of OpenAI Chat Completions",
    "openai-responses": "### Of OpenAI Responses",
    "anthropic-messages": "### Of Anthropic Messages",
    "gemini": "### Of Gemini",
}


def table(heading: str) -> tuple[list[str], dict[str, list[str]]]:
    """The columns and, by their first cells, the rows of the first table below a heading."""
    below = PAGE.partition(f"\n{heading}\n")[2]
    lines = re.findall(r"^\|(.*)\|$", below.partition("\n#")[0], re.MULTILINE)
    head, _, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return head[1:], {first: rest for first, *rest in rows}


def cells() -> Iterator[tuple[str, str, str, str]]:
    for wire, heading in SECTIONS.items():
        columns, rows = table(heading)
        for row, said in rows.items():
            for column, cell in zip(columns, said, strict=True):
                yield wire, row, COLUMNS[column], cell


def what_becomes(client: str, target: str, body: Json) -> str:
    call = Call("openai", "", b"", model="m")
    request = CODECS[client].decode_request(json.dumps(body).encode(), call)
    losses = Losses()
    CODECS[target].encode_request(request, Traits(), losses)
    try:
        losses.check(is_allowed=True)
    except UnmappableFields:
        return "refused"
    return "lost" if losses.fields else "kept"


@pytest.mark.parametrize(("client", "row", "target", "said"), list(cells()))
def test_a_cell_is_what_the_codecs_do(client: str, row: str, target: str, said: str) -> None:
    assert [what_becomes(client, target, each) for each in REQUESTS[client][row]] == [said] * len(REQUESTS[client][row])


def test_each_pair_of_apis_has_a_column() -> None:
    assert {(wire, column) for wire, _, column, _ in cells()} == {
        (wire, column) for wire in SECTIONS for column in COLUMNS.values() if column != wire
    }
    assert {wire: set(rows) for wire, rows in REQUESTS.items()} == {
        wire: set(table(heading)[1]) for wire, heading in SECTIONS.items()
    }


ENDS: Mapping[str, Stop] = {
    "all is said": Stop.END,
    "a stop sequence": Stop.STOP_SEQUENCE,
    "the client's limit": Stop.LENGTH,
    "the context is full": Stop.CONTEXT_FULL,
    "tools are called": Stop.TOOL,
    "the provider's own tools take long": Stop.PAUSE,
    "refused, or filtered": Stop.REFUSAL,
    "too much of somebody else's text": Stop.RECITATION,
    "a tool called as it cannot be": Stop.MALFORMED_TOOL,
    "for another reason": Stop.OTHER,
}


def words(stop: Stop) -> list[str]:
    of_responses = responses_response.REASONS.get(stop, "completed")
    found = [
        openai_chat_response.FINISH_REASONS.get(stop),
        "failed" if stop in responses_response.FAILURES else of_responses,
        anthropic_response.STOP_REASONS.get(stop),
        gemini_response.FINISH_REASONS[stop],
    ]
    return [f"`{word}`" if word else "an error" for word in found]


def test_the_words_for_an_end_are_those_of_the_codecs() -> None:
    rows = table("### Why it ended")[1]
    assert rows == {row: words(stop) for row, stop in ENDS.items()}
    assert set(ENDS.values()) == set(Stop)


def test_each_error_of_a_provider_is_on_the_page() -> None:
    said = {(int(status), code) for status, code in re.findall(r"(\d{3}) `([a-z_]+)`", str(table("### Errors")[1]))}
    told = {(error.status, error.code) for error in ERRORS.values() if error.code.startswith(("provider", "con"))}
    assert said == told
