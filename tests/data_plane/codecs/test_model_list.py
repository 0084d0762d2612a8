"""Lists of models, as the SDK of each API reads them."""

import json
from datetime import UTC, datetime

from pytest import mark

from data_plane.codecs.client_api import classify
from data_plane.codecs.model_list import ModelEntry, encode_list, encode_one
from tests.fakes.unary_sdk import Wire

CHAT = ModelEntry("org/chat", "tenant", "2026-01-02T03:04:05Z", 1767323045, "Chat", 200_000, 64_000)
EMBED = ModelEntry("embed", "tenant", kind="Embedding")
RANK = ModelEntry("rank", "tenant", kind="Rerank")
UNKNOWN = ModelEntry("who", "tenant")
MODELS = (CHAT, EMBED, RANK, UNKNOWN)
HEADERS = {"anthropic": {b"anthropic-version": b"2023-06-01"}, "gemini": {b"x-goog-api-key": b"k"}}
NAMES = [each.name for each in MODELS]


def gateway(api: str, models: tuple[ModelEntry, ...] = MODELS) -> Wire:
    """Answers as the gateway does, for paths that it takes for such calls."""

    def answer(path: str, sent: bytes) -> bytes:
        call = classify(path.encode(), HEADERS.get(api, {}), b"GET")
        assert (call.api, call.operation) in ((api, "models"), (api, "model"))
        return (encode_list(api, models) if call.operation == "models" else encode_one(api, models[0])).body

    return Wire(answer)


def test_openai_s_sdk_reads_all_of_them() -> None:
    client = gateway("openai").openai()

    found = list(client.models.list())
    one = client.models.retrieve("org/chat")

    assert [each.id for each in found] == NAMES
    assert (one.id, one.created, one.object, one.owned_by) == ("org/chat", 1767323045, "model", "tenant")


def test_anthropic_s_sdk_reads_all_of_them_in_one_page() -> None:
    client = gateway("anthropic").anthropic()

    page = client.models.list(limit=2)
    one = client.models.retrieve("chat")

    assert [each.id for each in page] == NAMES
    assert (page.has_more, page.first_id, page.last_id, page.has_next_page()) == (False, "org/chat", "who", False)
    assert (one.display_name, one.type, one.lifecycle) == ("org/chat", "model", "active")
    assert one.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (one.max_input_tokens, one.max_tokens, one.capabilities) == (200_000, 64_000, None)
    assert page.data[3].max_input_tokens is None
    assert {*one.model_fields_set} == {*type(one).model_fields}  # nothing of it is missing


def test_gemini_s_sdk_reads_what_each_can_be_asked_for() -> None:
    client = gateway("gemini").gemini()

    found = list(client.models.list())
    one = client.models.get(model="chat")

    assert [each.name for each in found] == [f"models/{name}" for name in NAMES]
    assert (one.input_token_limit, one.output_token_limit) == (200_000, 64_000)
    assert found[0].supported_actions == ["generateContent", "streamGenerateContent", "countTokens"]
    assert found[1].supported_actions == ["embedContent", "batchEmbedContents"]
    assert found[2].supported_actions == []
    assert "embedContent" in (found[3].supported_actions or []) and "countTokens" in (found[3].supported_actions or [])


def test_cohere_s_sdk_reads_what_each_can_be_asked_for() -> None:
    client = gateway("cohere").cohere()

    found = client.models.list(page_size=2)
    one = client.models.get("chat")

    assert [each.name for each in found.models] == NAMES
    assert found.next_page_token is None
    assert [each.endpoints for each in found.models] == [["chat"], ["embed"], ["rerank"], ["chat", "embed", "rerank"]]
    assert (one.context_length, one.finetuned, one.is_deprecated) == (200_000, False, False)


@mark.parametrize("api", ["openai", "anthropic", "gemini", "cohere"])
def test_of_none_there_is_a_list_too(api: str) -> None:
    body = json.loads(encode_list(api, ()).body)

    assert body.get("data", body.get("models")) == []
    assert body.get("first_id") is None
