"""Providers of OpenAI's API: where each is, against the SDKs, and what it is asked otherwise than OpenAI."""

from collections.abc import Callable
from typing import Any

from anthropic import Anthropic
from openai import OpenAI
from pytest import fixture, mark, param

from data_plane.providers.compatible import COMPATIBLE, compatible, speaks
from data_plane.providers.surface import Asked, Place, ProviderType
from tests.fakes.sdk_request import Recorder, surface_of, url_of, worded

BY_NAME = {each.name: each for each in COMPATIBLE}
HERE = Place()
HELLO: Any = [{"role": "user", "content": "hi"}]
CALLS: dict[str, Callable[[Any], object]] = {
    "openai-chat": lambda sdk: sdk.chat.completions.create(model="m", messages=HELLO),
    "openai-responses": lambda sdk: sdk.responses.create(model="m", input="x"),
    "openai-completions": lambda sdk: sdk.completions.create(model="m", prompt="x"),
    "openai-embeddings": lambda sdk: sdk.embeddings.create(model="m", input="x"),
    "openai-moderations": lambda sdk: sdk.moderations.create(model="m", input="x"),
    "openai-images": lambda sdk: sdk.images.generate(model="m", prompt="x"),
    "openai-speech": lambda sdk: sdk.audio.speech.create(model="m", input="x", voice="alloy"),
    "openai-input-tokens": lambda sdk: sdk.responses.input_tokens.count(model="m", input="x"),
}
# What each provider's documentation gives to OpenAI's SDK.
BASE_URLS = {
    "Cerebras": "https://api.cerebras.ai/v1",
    "Databricks": "https://workspace/serving-endpoints",
    "DeepSeek": "https://api.deepseek.com",
    "Fireworks": "https://api.fireworks.ai/inference/v1",
    "Groq": "https://api.groq.com/openai/v1",
    "HuggingFace": "https://router.huggingface.co/v1",
    "LlamaCpp": "http://localhost:8080/v1",
    "LMStudio": "http://localhost:1234/v1",
    "NvidiaNIM": "https://integrate.api.nvidia.com/v1",
    "Ollama": "http://localhost:11434/v1",
    "OpenAICompatible": "http://localhost:9/v1",
    "OpenRouter": "https://openrouter.ai/api/v1",
    "Perplexity": "https://api.perplexity.ai/v1",
    "SGLang": "http://localhost:30000/v1",
    "Together": "https://api.together.ai/v1",
    "VLLM": "http://localhost:8000/v1",
    "XAI": "https://api.x.ai/v1",
}
# And to Anthropic's, where it has that API.
ANTHROPIC_URLS = {
    "Databricks": "https://workspace/serving-endpoints/anthropic",
    "DeepSeek": "https://api.deepseek.com/anthropic",
    "Fireworks": "https://api.fireworks.ai/inference",
    "LlamaCpp": "http://localhost:8080",
    "LMStudio": "http://localhost:1234",
    "NvidiaNIM": "https://integrate.api.nvidia.com",
    "Ollama": "http://localhost:11434",
    "OpenRouter": "https://openrouter.ai/api",
    "SGLang": "http://localhost:30000",
    "VLLM": "http://localhost:8000",
}
GENERATING = frozenset(("openai-chat", "openai-responses", "anthropic-messages"))
LOCAL = {"openai-chat", "openai-responses", "openai-completions", "openai-embeddings"}
COUNTED = {"anthropic-messages", "anthropic-count-tokens"}
AUDIO = {"openai-transcriptions", "openai-translations"}


@fixture
def recorder() -> Recorder:
    return Recorder()


def spoken(name: str) -> set[str]:
    return set(BY_NAME[name].surfaces(HERE))


def asked_of(kind: ProviderType, body: dict[str, Any]) -> Any:
    asked = Asked("own")
    return worded(surface_of(kind, "openai-chat", HERE), {"model": "asked", **body}, asked)


@mark.parametrize("name", BASE_URLS)
def test_each_api_of_openai_lies_where_its_sdk_finds_it(recorder: Recorder, name: str) -> None:
    kind, base = BY_NAME[name], BASE_URLS[name]
    sdk = OpenAI(api_key="k", base_url=base, http_client=recorder.httpx2(), max_retries=0)
    found = spoken(name) & set(CALLS)

    assert found
    for wire in sorted(found):
        sent = recorder.of(lambda wire=wire: CALLS[wire](sdk))  # type: ignore[misc]  # bound at once
        assert url_of(kind, wire, Asked("m"), HERE, base) == sent.url
        assert sent.headers[surface_of(kind, wire, HERE).key_header] == "Bearer k"


@mark.parametrize("name", BASE_URLS)
def test_the_public_address_is_the_documented_one(name: str) -> None:
    base_url, is_public = BY_NAME[name].base_url, BASE_URLS[name].startswith("https:") and name != "Databricks"

    assert (base_url is not None) == is_public
    assert base_url is None or base_url(HERE) == BASE_URLS[name]


@mark.parametrize("name", ANTHROPIC_URLS)
def test_anthropic_s_api_lies_where_its_sdk_finds_it(recorder: Recorder, name: str) -> None:
    kind, asked = BY_NAME[name], Asked("claude-m", path=b"/messages")
    sdk = Anthropic(auth_token="k", base_url=ANTHROPIC_URLS[name], http_client=recorder.httpx2(), max_retries=0)
    sent = recorder.of(lambda: sdk.messages.create(model=asked.model, max_tokens=5, messages=HELLO))
    surface = surface_of(kind, "anthropic-messages", HERE)

    assert url_of(kind, "anthropic-messages", asked, HERE, BASE_URLS[name]) == sent.url
    assert surface.key_header == ("x-api-key" if name == "DeepSeek" else "authorization")
    assert [field for field, _ in surface.defaults] == [b"anthropic-version"]
    if "anthropic-count-tokens" in spoken(name):
        counted = recorder.of(lambda: sdk.messages.count_tokens(model=asked.model, messages=HELLO))
        assert url_of(kind, "anthropic-count-tokens", asked, HERE, BASE_URLS[name]) == counted.url


def test_who_speaks_anthropic_s_api_is_listed_here() -> None:
    assert {name for name in BY_NAME if "anthropic-messages" in spoken(name)} == set(ANTHROPIC_URLS)


@mark.parametrize(
    "name, wires",
    [
        ("Cerebras", {"openai-chat", "openai-completions"}),
        ("Databricks", LOCAL | {"anthropic-messages"}),
        ("DeepSeek", {"openai-chat", "anthropic-messages"}),
        ("Fireworks", LOCAL | {"anthropic-messages"}),
        ("Groq", {"openai-chat", "openai-responses", "openai-embeddings", "openai-speech"} | AUDIO),
        ("HuggingFace", {"openai-chat", "openai-responses"}),
        ("LlamaCpp", LOCAL | COUNTED | {"openai-input-tokens", "jina-rerank"}),
        ("LMStudio", LOCAL | {"anthropic-messages"}),
        ("NvidiaNIM", LOCAL | COUNTED),
        ("Ollama", LOCAL | {"anthropic-messages"}),
        ("OpenRouter", LOCAL | {"anthropic-messages"}),
        ("Perplexity", {"openai-responses", "openai-embeddings"}),
        ("SGLang", LOCAL | COUNTED | {"jina-rerank"}),
        ("TGI", {"openai-chat", "openai-completions", "openai-embeddings", "tei-rerank"}),
        (
            "Together",
            (LOCAL - {"openai-responses"}) | AUDIO | {"openai-images", "openai-speech", "jina-rerank"},
        ),
        ("VLLM", LOCAL | COUNTED | AUDIO | {"jina-rerank", "cohere-rerank"}),
        ("XAI", {"openai-chat", "openai-responses", "openai-completions", "openai-images"}),
    ],
)
def test_what_each_speaks(name: str, wires: set[str]) -> None:
    assert spoken(name) == wires


def test_what_most_servers_have_may_be_tried_with_an_unknown_one() -> None:
    """Responses are translated to chat, and tokens counted by the gateway."""
    few = {"openai-responses", "openai-input-tokens", "openai-compact"}
    spoken_by_it = spoken("OpenAICompatible")
    assert {*CALLS, *AUDIO, "jina-rerank", "cohere-rerank"} - few <= spoken_by_it
    assert not few & spoken_by_it


@mark.parametrize("name", [name for name in BY_NAME if name != "Perplexity"])
def test_other_apis_are_translated_to_chat_first(name: str) -> None:
    assert next(wire for wire in BY_NAME[name].surfaces(HERE) if wire in GENERATING) == "openai-chat"


def test_chat_with_perplexity_is_translated_to_responses() -> None:
    assert [wire for wire in BY_NAME["Perplexity"].surfaces(HERE) if wire in GENERATING] == ["openai-responses"]


def test_inference_servers_of_hugging_face_are_found_at_their_root() -> None:
    base = "http://localhost:8080"
    urls = {wire: url_of(BY_NAME["TGI"], wire, Asked("m"), HERE, base) for wire in spoken("TGI")}

    assert urls == {
        "openai-chat": f"{base}/v1/chat/completions",
        "openai-completions": f"{base}/v1/completions",
        "openai-embeddings": f"{base}/v1/embeddings",
        "tei-rerank": f"{base}/rerank",
    }


@mark.parametrize("name", ["LlamaCpp", "SGLang", "Together", "VLLM", "OpenAICompatible"])
def test_ranks_lie_beside_the_rest(name: str) -> None:
    assert surface_of(BY_NAME[name], "jina-rerank", HERE).path(Asked("m")) == b"/rerank"


# What differs: OpenAI's names, and what OpenAI's SDK sends unasked.

ECHO: dict[str, Any] = {
    "role": "assistant",
    "content": "a",
    "refusal": None,
    "annotations": [],
    "audio": None,
    "function_call": None,
}
THOUGHT = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
DEVELOPER = {"role": "developer", "content": "a"}
HINTS = {"prompt_cache_key": "p", "prompt_cache_retention": "24h", "safety_identifier": "s"}


@mark.parametrize(
    "name, given, wanted",
    [
        param("Groq", HINTS, {}, id="Groq: hints are errors"),
        param("Groq", {"messages": [ECHO]}, {"messages": [{"role": "assistant", "content": "a"}]}, id="Groq: echo"),
        param(
            "Groq",
            {"messages": [THOUGHT]},
            {"messages": [{"role": "assistant", "content": "a", "reasoning": "hm"}]},
            id="Groq: thoughts",
        ),
        param("Groq", {"messages": [DEVELOPER]}, {"messages": [DEVELOPER]}, id="Groq: developers"),
        param("Groq", {"max_completion_tokens": 5}, {"max_completion_tokens": 5}, id="Groq: tokens"),
        param("Groq", {"user": "u", "store": False}, {"user": "u", "store": False}, id="Groq: known, if without use"),
        param("Cerebras", {**HINTS, "store": False}, {"prompt_cache_key": "p"}, id="Cerebras: hints"),
        param("Cerebras", {"store": True}, {"store": True}, id="Cerebras: what is asked for is left"),
        param("Cerebras", {"metadata": {"a": "b"}}, {}, id="Cerebras: metadata"),
        param(
            "Cerebras", {"messages": [ECHO]}, {"messages": [{"role": "assistant", "content": "a"}]}, id="Cerebras: echo"
        ),
        param(
            "Cerebras",
            {"messages": [THOUGHT]},
            {"messages": [{"role": "assistant", "content": "a", "reasoning": "hm"}]},
            id="Cerebras: thoughts",
        ),
        param(
            "DeepSeek",
            {"max_completion_tokens": 5, "messages": [DEVELOPER]},
            {"max_tokens": 5, "messages": [{"role": "system", "content": "a"}]},
            id="DeepSeek: tokens and developers",
        ),
        param("DeepSeek", {"messages": [THOUGHT]}, {"messages": [THOUGHT]}, id="DeepSeek: thoughts are its own"),
        param("NvidiaNIM", {**HINTS, "store": False, "seed": 1}, {"seed": 1}, id="NIM: hints are errors"),
        param("Ollama", {"max_completion_tokens": 5}, {"max_tokens": 5}, id="Ollama: tokens"),
        param("TGI", {"max_completion_tokens": 5}, {"max_tokens": 5}, id="TGI: tokens"),
        param("Together", {"max_completion_tokens": 5}, {"max_tokens": 5}, id="Together: tokens"),
        *[
            param(name, {**HINTS, "max_completion_tokens": 5, "messages": [DEVELOPER, ECHO, THOUGHT]}, None, id=name)
            for name in ("Fireworks", "HuggingFace", "LlamaCpp", "LMStudio", "OpenRouter", "SGLang", "VLLM", "XAI")
        ],
        *[
            param(name, {"logit_bias": {"1": 1}, "n": 2, "logprobs": True}, None, id=f"{name}: changes the answer")
            for name in ("Groq", "Cerebras", "DeepSeek", "NvidiaNIM", "Together")
        ],
    ],
)
def test_what_differs_in_chat(name: str, given: dict[str, Any], wanted: dict[str, Any] | None) -> None:
    """`wanted`: None for a provider, or fields, where nothing differs."""
    assert asked_of(BY_NAME[name], given) == {"model": "own", **(given if wanted is None else wanted)}


def test_one_row_is_a_provider() -> None:
    kind = compatible("Mine", "https://mine.example/v1", speaks("openai-chat"))

    assert url_of(kind, "openai-chat", Asked("m"), HERE) == "https://mine.example/v1/chat/completions"
    assert asked_of(kind, {"a": 1}) == {"model": "own", "a": 1}


def test_a_client_s_query_goes_on_without_keys() -> None:
    asked = Asked("m", path=b"/chat/completions", query=b"a=b&key=theirs&api-version=1")

    assert surface_of(BY_NAME["VLLM"], "openai-chat", HERE).path(asked) == b"/chat/completions?a=b"


@mark.parametrize("model, takes", [("databricks-claude-sonnet-4-5", True), ("databricks-meta-llama-3", False)])
def test_claude_at_databricks_is_asked_in_its_own_api(model: str, takes: bool) -> None:
    surface = surface_of(BY_NAME["Databricks"], "anthropic-messages", HERE)

    assert surface.takes is not None and surface.takes(model) is takes
