"""Azure OpenAI against the SDKs that ask it."""

from collections.abc import Callable
from typing import Any

from anthropic import AnthropicFoundry
from openai import AzureOpenAI, OpenAI
from pytest import fixture, mark, param

from data_plane.providers.azure import AZURE_OPENAI, surfaces
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, surface_of, url_of, worded

RESOURCE = "https://res.openai.azure.com"
CLASSIC, V1 = Place(api_version="2025-04-01-preview"), Place()
HELLO: Any = [{"role": "user", "content": "hi"}]
CALLS: list[Any] = [
    param("openai-chat", lambda sdk: sdk.chat.completions.create(model="mine", messages=HELLO), id="chat"),
    param("openai-completions", lambda sdk: sdk.completions.create(model="mine", prompt="x"), id="completions"),
    param("openai-embeddings", lambda sdk: sdk.embeddings.create(model="mine", input="x"), id="embeddings"),
    param("openai-responses", lambda sdk: sdk.responses.create(model="mine", input="x"), id="responses"),
    param("openai-images", lambda sdk: sdk.images.generate(model="mine", prompt="x"), id="images"),
    param("openai-speech", lambda sdk: sdk.audio.speech.create(model="mine", input="x", voice="alloy"), id="speech"),
]


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize("wire, call", CALLS)
def test_the_classic_api_is_asked_as_by_its_sdk(recorder: Recorder, wire: str, call: Callable[[Any], object]) -> None:
    sdk = AzureOpenAI(
        api_key="k", azure_endpoint=RESOURCE, api_version=CLASSIC.api_version, http_client=recorder.httpx2()
    )
    sent = recorder.of(lambda: call(sdk))
    surface = surface_of(AZURE_OPENAI, wire, CLASSIC)

    assert url_of(AZURE_OPENAI, wire, Asked("mine"), CLASSIC, RESOURCE) == sent.url
    assert sent.headers[surface.key_header] == "k"
    assert worded(surface, {**sent.body, "model": "asked"}, Asked("mine")) == sent.body


@mark.parametrize("wire, call", CALLS)
@mark.parametrize("version", ["", "preview"])
def test_the_v1_api_is_asked_as_openai_s(
    recorder: Recorder, wire: str, call: Callable[[Any], object], version: str
) -> None:
    query = {"api-version": version} if version else {}
    sdk = OpenAI(
        api_key="k",
        base_url=f"{RESOURCE}/openai/v1/",
        default_query=query,
        http_client=recorder.httpx2(),
        max_retries=0,
    )
    sent = recorder.of(lambda: call(sdk))

    assert url_of(AZURE_OPENAI, wire, Asked("mine"), Place(api_version=version), RESOURCE) == sent.url


def test_claude_in_foundry_is_asked_as_by_its_sdk(recorder: Recorder) -> None:
    sdk = AnthropicFoundry(api_key="k", resource="res", http_client=recorder.httpx2())
    sent = recorder.of(lambda: sdk.messages.create(model="claude-mine", max_tokens=5, messages=HELLO))
    surface = surface_of(AZURE_OPENAI, "anthropic-messages", V1)

    asked = Asked("claude-mine")
    assert url_of(AZURE_OPENAI, "anthropic-messages", asked, V1, "https://res.services.ai.azure.com") == sent.url
    assert sent.headers[surface.key_header] == "k"
    assert [name.decode() in sent.headers for name, _ in surface.defaults] == [True]
    assert worded(surface, {**sent.body, "model": "asked"}, asked) == sent.body


@mark.parametrize(
    "model, wires",
    [
        ("gpt-4o", {"openai-chat", "openai-responses", "openai-embeddings"}),
        ("claude-opus-5", {"anthropic-messages", "anthropic-count-tokens"}),
    ],
)
def test_each_model_is_asked_in_the_apis_that_it_has(model: str, wires: set[str]) -> None:
    found = {
        wire for wire, surface in AZURE_OPENAI.surfaces(V1).items() if surface.takes is None or surface.takes(model)
    }

    assert wires <= found
    assert ("claude" in model) == ("openai-chat" not in found)


@mark.parametrize("place", [Place(api_version="2025-04-01-preview"), V1], ids=["classic", "v1"])
@mark.parametrize(
    "wire, path, call",
    [
        ("openai-batches", b"/batches/b1", lambda sdk: sdk.batches.retrieve("b1")),
        ("openai-stored-responses", b"/responses/r1", lambda sdk: sdk.responses.retrieve("r1")),
        ("openai-stored-responses", b"/responses/r1/cancel", lambda sdk: sdk.responses.cancel("r1")),
        ("openai-files", b"/files", lambda sdk: sdk.files.list().data),
        ("openai-files", b"/files/f1", lambda sdk: sdk.files.retrieve("f1")),
    ],
)
def test_what_azure_keeps_lies_where_the_sdk_finds_it(
    recorder: Recorder, place: Place, wire: str, path: bytes, call: Callable[[Any], object]
) -> None:
    version = place.api_version
    if version:
        sdk: Any = AzureOpenAI(
            api_key="k", azure_endpoint=RESOURCE, api_version=version, http_client=recorder.httpx2(), max_retries=0
        )
    else:
        sdk = OpenAI(api_key="k", base_url=f"{RESOURCE}/openai/v1/", http_client=recorder.httpx2(), max_retries=0)
    sent = recorder.of(lambda: call(sdk))

    assert url_of(AZURE_OPENAI, wire, Asked("", path=path), place, RESOURCE) == sent.url


@mark.parametrize("wire", ["openai-moderations", "openai-image-variations"])
def test_what_azure_has_not_is_not_spoken(wire: str) -> None:
    assert wire not in AZURE_OPENAI.surfaces(V1) and wire not in AZURE_OPENAI.surfaces(CLASSIC)


@mark.parametrize(
    "place, query, target",
    [
        (
            CLASSIC,
            b"api-version=2020&a=b",
            b"/openai/deployments/a%2Fb/chat/completions?a=b&api-version=2025-04-01-preview",
        ),
        (V1, b"api-version=2020", b"/openai/v1/chat/completions"),
        (Place(api_version="a&b"), b"", b"/openai/v1/chat/completions?api-version=a%26b"),
    ],
    ids=["the provider's version", "no version", "escaped"],
)
def test_a_client_s_version_is_none_of_the_provider_s(place: Place, query: bytes, target: bytes) -> None:
    surface = surface_of(AZURE_OPENAI, "openai-chat", place)

    assert surface.path(Asked("a/b", path=b"/chat/completions", query=query)) == target


@mark.parametrize(
    "version, has_responses",
    [("2024-10-21", False), ("2025-02-01-preview", False), ("2025-03-01-preview", True), ("preview", True), ("", True)],
)
def test_responses_are_asked_of_versions_that_have_them(version: str, has_responses: bool) -> None:
    surfaces = AZURE_OPENAI.surfaces(Place(api_version=version))
    assert ("openai-responses" in surfaces) is has_responses
    assert "openai-chat" in surfaces


def test_surfaces_of_the_same_place_are_equal() -> None:
    assert AZURE_OPENAI.surfaces(Place(api_version="2025-04-01-preview")) == AZURE_OPENAI.surfaces(CLASSIC)


def test_an_account_has_a_base_url_of_its_own() -> None:
    assert AZURE_OPENAI.base_url is None


@mark.parametrize(
    "version, target",
    [
        ("", b"/openai/v1/files/file-1/content"),
        ("preview", b"/openai/v1/files/file-1/content?api-version=preview"),
        ("2024-10-21", b"/openai/files/file-1/content?api-version=2024-10-21"),
    ],
)
def test_files_are_asked_of_the_resource(version: str, target: bytes) -> None:
    asked = Asked("", path=b"/files/file-1/content", query=b"api-version=2023-01-01")

    assert surfaces(Place(api_version=version))["openai-files"].path(asked) == target


@mark.parametrize("version, has_it", [("", True), ("2024-10-21", False), ("2025-03-01-preview", True)])
def test_stored_responses_are_asked_of_versions_that_have_them(version: str, has_it: bool) -> None:
    assert ("openai-stored-responses" in surfaces(Place(api_version=version))) is has_it
