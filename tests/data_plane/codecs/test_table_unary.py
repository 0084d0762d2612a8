"""Embeddings, ranks and counts by the official SDKs, from providers that look at what they are sent."""

import json
import struct
from collections.abc import Callable
from typing import Any

import msgspec
from google.genai.types import Content, EmbedContentConfig, Part
from pytest import mark, raises

from data_plane.codecs.client_api import classify
from data_plane.codecs.table import UNARY
from data_plane.codecs.wire import WIRES
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN
from tests.fakes.embed_provider import EMBED, ONE_ONLY, RANK, ranked, vector_of
from tests.fakes.unary_sdk import Wire

A, B = "The quick brown fox — déjà vu \u2603", 'Zweiter Text\nmit "Zeichen"'
QUERY = "capital of the United States"
DOCUMENTS = [
    "Carson City is the capital of Nevada",
    "Washington is the capital of the United States",
    "Fox",
    "— \u2603",
]
Provider = Callable[[dict[str, Any]], Any]


def between(target: str, provider: Provider, losses: Losses | None = None) -> Wire:
    """What a gateway does between an SDK and a provider, but for the network."""

    def answer(path: str, sent: bytes) -> bytes:
        call = classify(path.encode(), {})
        client, codec = UNARY[WIRES[call.api, call.operation]], UNARY[target]
        request = msgspec.structs.replace(client.decode_request(sent, call), model="m")
        body = codec.encode_request(request, UNKNOWN, losses or Losses())
        found = codec.decode_response(json.dumps(provider(json.loads(body))).encode(), request)
        return client.encode_response(found, request)

    return Wire(answer)


def as_floats(vector: list[float]) -> list[float]:
    """The 32-bit floats next to these numbers."""
    return list(struct.unpack(f"<{len(vector)}f", struct.pack(f"<{len(vector)}f", *vector)))


@mark.parametrize("target", EMBED)
@mark.parametrize("encoding", ["float", "base64", None], ids=["float", "base64", "as the SDK likes"])
def test_openai_s_sdk_embeds_by_every_provider(target: str, encoding: Any) -> None:
    inputs = [A] if target in ONE_ONLY else [A, B]
    losses = Losses()
    client = between(target, EMBED[target], losses).openai()
    options = {} if encoding is None else {"encoding_format": encoding}

    found = client.embeddings.create(model="ours", input=inputs, **options)

    assert losses.fields == []
    assert [each.index for each in found.data] == list(range(len(inputs)))
    if encoding == "base64":
        return  # the SDK leaves bytes to its caller, who asked for them; goldens compare them
    for each, text in zip(found.data, inputs, strict=True):
        assert as_floats(each.embedding) == as_floats(vector_of(text, None))
    assert found.usage.prompt_tokens == (0 if target in ("bedrock-cohere-embeddings", "bedrock-nova-embeddings") else 9)
    assert found.object == "list" and found.model == "m"


@mark.parametrize("target", EMBED)
def test_openai_s_sdk_says_how_long_vectors_are(target: str) -> None:
    client = between(target, EMBED[target]).openai()

    found = client.embeddings.create(model="ours", input=A, dimensions=256, user="u")

    assert as_floats(found.data[0].embedding) == as_floats(vector_of(A, 256))


@mark.parametrize("target", [each for each in EMBED if each != "openai-embeddings"])
@mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]], ids=["one", "many"])
def test_token_ids_go_to_no_other_api_even_where_losses_are_allowed(target: str, tokens: Any) -> None:
    client = between(target, EMBED[target]).openai()

    with raises(UnmappableFields, match="token ids of `input"):
        client.embeddings.create(model="ours", input=tokens)


@mark.parametrize("target", ONE_ONLY)
def test_several_inputs_are_refused_where_a_provider_takes_one(target: str) -> None:
    client = between(target, EMBED[target]).openai()

    with raises(UnmappableFields, match="takes one text a request, and `input` has 2"):
        client.embeddings.create(model="ours", input=[A, B])


@mark.parametrize("target", EMBED)
def test_google_s_sdk_embeds_by_every_provider(target: str) -> None:
    contents: Any = A if target in ONE_ONLY else [A, B]
    client = between(target, EMBED[target]).gemini()

    found = client.models.embed_content(model="ours", contents=contents)

    assert found.embeddings is not None
    for each, text in zip(found.embeddings, [A, B][: len(found.embeddings)], strict=True):
        assert each.values is not None and as_floats(each.values) == as_floats(vector_of(text, None))
    assert len(found.embeddings) == (1 if target in ONE_ONLY else 2)


@mark.parametrize(
    ("target", "lost"),
    [
        ("gemini-embeddings", []),
        ("vertex-predict-embeddings", []),
        ("cohere-embed", ["requests[0].title"]),
        ("bedrock-cohere-embeddings", ["requests[0].title"]),
        ("bedrock-nova-embeddings", ["requests[0].title"]),
        ("bedrock-titan-embeddings", ["requests[0].taskType", "requests[0].title"]),
        ("openai-embeddings", ["requests[0].title", "requests[0].taskType"]),
    ],
)
def test_google_s_options_are_told_or_named_as_lost(target: str, lost: list[str]) -> None:
    losses = Losses()
    client = between(target, EMBED[target], losses).gemini()
    config = EmbedContentConfig(task_type="RETRIEVAL_DOCUMENT", title="T", output_dimensionality=256)

    found = client.models.embed_content(model="ours", contents=A, config=config)

    assert losses.fields == lost
    assert found.embeddings is not None and len(found.embeddings) == 1


@mark.parametrize("target", [each for each in EMBED if each != "gemini-embeddings"])
def test_a_picture_goes_to_no_other_api(target: str) -> None:
    client = between(target, EMBED[target]).gemini()
    content = Content(parts=[Part(text=A), Part.from_bytes(data=b"png", mime_type="image/png")])

    with raises(UnmappableFields, match="texts alone in `requests"):
        client.models.embed_content(model="ours", contents=content)


@mark.parametrize("target", RANK)
@mark.parametrize("top_n", [None, 2, 9])
def test_cohere_s_sdk_ranks_by_every_provider(target: str, top_n: int | None) -> None:
    client = between(target, RANK[target]).cohere()
    options: Any = {} if top_n is None else {"top_n": top_n}

    found = client.rerank(model="ours", query=QUERY, documents=DOCUMENTS, **options)

    assert [(each.index, each.relevance_score) for each in found.results] == ranked(QUERY, DOCUMENTS)[:top_n]
    assert found.meta is not None and found.meta.api_version is not None and found.meta.api_version.version == "2"
    units = found.meta.billed_units.search_units if found.meta.billed_units is not None else None
    assert units == (1 if target == "cohere-rerank" else None)
    tokens = found.meta.tokens.input_tokens if found.meta.tokens is not None else None
    assert tokens == (30 if target == "jina-rerank" else None)


@mark.parametrize("target", RANK)
@mark.parametrize("path", ["/v1/rerank", "/rerank"])
@mark.parametrize("returns", [None, True, False])
def test_jina_s_clients_rank_by_every_provider(target: str, path: str, returns: bool | None) -> None:
    body = {"model": "ours", "query": QUERY, "documents": [{"text": DOCUMENTS[0]}, *DOCUMENTS[1:]], "top_n": 3}
    sent = body if returns is None else {**body, "return_documents": returns}

    found = json.loads(between(target, RANK[target]).handle(path, json.dumps(sent).encode()))

    expected = ranked(QUERY, DOCUMENTS)[:3]
    assert [(each["index"], each["relevance_score"]) for each in found["results"]] == expected
    texts = [DOCUMENTS[at] for at, _ in expected]
    assert [each.get("document", {}).get("text") for each in found["results"]] == (
        [None] * 3 if returns is False else texts
    )
    assert found["usage"]["total_tokens"] == (30 if target == "jina-rerank" else 0)
    assert found["model"] == "m"


COUNTS: dict[str, Any] = {
    "anthropic-count-tokens": {"input_tokens": 42},
    "openai-input-tokens": {"object": "response.input_tokens", "input_tokens": 42},
    "gemini-count-tokens": {"totalTokens": 42},
    "vertex-count-tokens": {"totalTokens": 42, "totalBillableCharacters": 99},
    "bedrock-count-tokens": {"inputTokens": 42},
    "vllm-tokenize": {"count": 42, "max_model_len": 4096, "tokens": [1]},
}
TOOL: Any = {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}}


@mark.parametrize("target", COUNTS)
def test_every_sdk_counts_by_every_provider(target: str) -> None:
    wire = between(target, lambda body: COUNTS[target])

    by_anthropic = wire.anthropic().messages.count_tokens(
        model="ours", system="s", messages=[{"role": "user", "content": A}], tools=[TOOL], tool_choice={"type": "auto"}
    )
    by_openai = wire.openai().responses.input_tokens.count(model="ours", input=A, instructions="s")
    by_google = wire.gemini().models.count_tokens(model="ours", contents=A)

    assert by_anthropic.input_tokens == by_openai.input_tokens == by_google.total_tokens == 42
    assert by_openai.object == "response.input_tokens"


@mark.parametrize("target", [each for each in COUNTS if each != "openai-input-tokens"])
def test_what_only_its_provider_has_stored_is_counted_by_no_other(target: str) -> None:
    losses = Losses()
    wire = between(target, lambda body: COUNTS[target], losses)

    wire.openai().responses.input_tokens.count(model="ours", input=A, previous_response_id="resp_1")

    assert "previous_response_id" in losses.fields
    with raises(UnmappableFields):
        losses.check(is_allowed=True)
