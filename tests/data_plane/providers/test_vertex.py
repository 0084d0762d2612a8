"""Vertex AI against the SDKs that ask it."""

from collections.abc import Callable
from typing import Any

from anthropic import AnthropicVertex
from google import genai
from google.genai.types import EmbedContentConfig, HttpOptions
from google.oauth2.credentials import Credentials
from openai import OpenAI
from pytest import fixture, mark, param

from data_plane.providers.surface import Asked, Place
from data_plane.providers.vertex import KEY_HEADER, VERTEX_AI
from tests.fakes.sdk_request import Recorder, surface_of, url_of, worded

REGIONS = ["europe-west4", "global", "us", "eu"]
HELLO: Any = [{"role": "user", "content": "hi"}]
CLAUDE = "claude-sonnet-4@20250514"
TUNED = "projects/9/locations/us-central1/endpoints/5"


def place(region: str = "europe-west4", version: str = "") -> Place:
    return Place(region, "p1", version)


def google(recorder: Recorder, where: Place) -> Any:
    """The SDK of Google; without a version it asks for `v1beta1`."""
    options = HttpOptions(httpx_client=recorder.httpx(), api_version=where.api_version or None)
    token = Credentials(token="t")  # type: ignore[no-untyped-call]  # a library without types
    return genai.Client(vertexai=True, project="p1", location=where.region, credentials=token, http_options=options)


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize("region", REGIONS)
@mark.parametrize("model", ["gemini-2.5-pro", "google/gemini-2.5-pro", TUNED, "publishers/google/models/gemini-x"])
def test_gemini_is_asked_as_by_its_sdk(recorder: Recorder, region: str, model: str) -> None:
    where = place(region, "v1")
    sdk = google(recorder, where)
    whole = recorder.of(lambda: sdk.models.generate_content(model=model, contents="hi"))
    streamed = recorder.of(lambda: list(sdk.models.generate_content_stream(model=model, contents="hi")))

    assert url_of(VERTEX_AI, "gemini", Asked(model), where) == whole.url
    assert url_of(VERTEX_AI, "gemini", Asked(model, stream=True), where) == streamed.url
    assert url_of(VERTEX_AI, "gemini", Asked(model), place(region)) == whole.url  # which is the default


@mark.parametrize(
    "path, query, target",
    [
        (b"/models/asked:generateContent", b"", "gemini-x:generateContent"),
        (b"/models/asked:streamGenerateContent", b"alt=sse&key=theirs", "gemini-x:streamGenerateContent?alt=sse"),
        (b"/models/asked:streamGenerateContent", b"", "gemini-x:streamGenerateContent"),
    ],
    ids=["whole", "events", "array"],
)
def test_a_client_of_gemini_says_in_which_form_it_takes_a_stream(path: bytes, query: bytes, target: str) -> None:
    asked = Asked("gemini-x", stream=b"stream" in path, path=path, query=query)

    assert url_of(VERTEX_AI, "gemini", asked, place()).rpartition("/")[2] == target


@mark.parametrize("wire", ["vertex-count-tokens", "gemini-count-tokens"])
def test_tokens_are_counted_as_by_the_sdk(recorder: Recorder, wire: str) -> None:
    where = place(version="v1")
    sent = recorder.of(lambda: google(recorder, where).models.count_tokens(model="gemini-2.5-pro", contents="hi"))

    assert url_of(VERTEX_AI, wire, Asked("gemini-2.5-pro"), where) == sent.url
    assert worded(surface_of(VERTEX_AI, wire, where), sent.body, Asked("gemini-2.5-pro")) == sent.body


OPTIONS = EmbedContentConfig(task_type="RETRIEVAL_QUERY", title="T", output_dimensionality=5)


@mark.parametrize("texts, path", [(["a"], b"/models/m:embedContent"), (["a", "b"], b"/models/m:batchEmbedContents")])
def test_a_client_of_the_gemini_api_embeds_as_with_vertex(recorder: Recorder, texts: list[str], path: bytes) -> None:
    model = "gemini-embedding-001"
    gemini = genai.Client(api_key="k", http_options=HttpOptions(httpx_client=recorder.httpx()))
    client = recorder.of(lambda: gemini.models.embed_content(model=model, contents=list(texts), config=OPTIONS))
    body = client.body if len(texts) > 1 else {"model": f"models/{model}", **client.body["requests"][0]}
    sdk = google(recorder, place())
    wanted = recorder.of(lambda: sdk.models.embed_content(model=model, contents=list(texts), config=OPTIONS))

    asked = Asked(model, path=path)
    assert url_of(VERTEX_AI, "gemini-embeddings", asked, place()) == wanted.url
    assert worded(surface_of(VERTEX_AI, "gemini-embeddings", place()), body, asked) == wanted.body


def test_other_apis_embed_many_at_once() -> None:
    url = url_of(VERTEX_AI, "gemini-embeddings", Asked("gemini-embedding-2"), place())

    assert url.endswith(
        "/v1beta1/projects/p1/locations/europe-west4/publishers/google/models/gemini-embedding-2:batchEmbedContents"
    )


def test_older_models_embed_by_prediction(recorder: Recorder) -> None:
    where = place(version="v1")
    sdk = google(recorder, where)
    sent = recorder.of(lambda: sdk.models.embed_content(model="text-embedding-005", contents=["a"]))

    assert url_of(VERTEX_AI, "vertex-predict-embeddings", Asked("text-embedding-005"), where) == sent.url


@mark.parametrize("region", REGIONS)
@mark.parametrize(
    "stream, create",
    [
        param(False, lambda sdk, **given: sdk.messages.create(**given), id="whole"),
        param(True, lambda sdk, **given: list(sdk.messages.create(stream=True, **given)), id="stream"),
    ],
)
def test_claude_is_asked_as_by_its_sdk(
    recorder: Recorder, region: str, stream: bool, create: Callable[..., object]
) -> None:
    sdk = AnthropicVertex(region=region, project_id="p1", access_token="t", http_client=recorder.httpx2())
    sent = recorder.of(lambda: create(sdk, model=CLAUDE, max_tokens=5, messages=HELLO))
    asked = Asked(CLAUDE, stream)
    client = {name: value for name, value in sent.body.items() if name != "anthropic_version"}
    made = worded(surface_of(VERTEX_AI, "anthropic-messages", place(region)), {**client, "model": "asked"}, asked)

    assert url_of(VERTEX_AI, "anthropic-messages", asked, place(region)) == sent.url
    assert made.pop("anthropic_version") == "vertex-2023-10-16"  # the SDK has one that refuses more
    assert made == client


def test_tokens_of_claude_are_counted_as_by_its_sdk(recorder: Recorder) -> None:
    sdk = AnthropicVertex(region="europe-west4", project_id="p1", access_token="t", http_client=recorder.httpx2())
    sent = recorder.of(lambda: sdk.messages.count_tokens(model=CLAUDE, messages=HELLO))
    asked, wire = Asked(CLAUDE), "anthropic-count-tokens"
    made = worded(surface_of(VERTEX_AI, wire, place()), {"model": "asked", "messages": HELLO}, asked)

    assert url_of(VERTEX_AI, wire, asked, place()) == sent.url
    assert made == {**sent.body, "anthropic_version": "vertex-2023-10-16"}


def test_a_version_of_claude_s_api_that_the_body_names_is_kept() -> None:
    surface = surface_of(VERTEX_AI, "anthropic-messages", place())

    assert worded(surface, {"anthropic_version": "2026-10-21"}, Asked(CLAUDE)) == {"anthropic_version": "2026-10-21"}


def test_other_models_are_asked_in_openai_s_api(recorder: Recorder) -> None:
    root = "https://aiplatform.googleapis.com/v1/projects/p1/locations/global/endpoints/openapi"
    sdk = OpenAI(api_key="t", base_url=root, http_client=recorder.httpx2())
    model = "xai/grok-4.1-fast-reasoning"
    sent = recorder.of(lambda: sdk.chat.completions.create(model=model, messages=HELLO))

    assert url_of(VERTEX_AI, "openai-chat", Asked(model), place("global")) == sent.url
    asked = Asked(model)
    assert worded(surface_of(VERTEX_AI, "openai-chat", place()), {**sent.body, "model": "x"}, asked) == sent.body


@mark.parametrize(
    "model, wires",
    [
        ("gemini-2.5-pro", ["gemini", "vertex-count-tokens", "gemini-count-tokens", "gemini-embeddings"]),
        ("google/gemini-2.5-pro", ["gemini", "vertex-count-tokens", "gemini-count-tokens", "gemini-embeddings"]),
        ("text-embedding-005", ["vertex-predict-embeddings"]),
        (TUNED, ["gemini"]),
        (CLAUDE, ["anthropic-messages", "anthropic-count-tokens"]),
        ("anthropic/" + CLAUDE, ["anthropic-messages", "anthropic-count-tokens"]),
        ("meta/llama-4-maverick-17b-128e-instruct-maas", ["openai-chat"]),
    ],
)
def test_each_model_is_asked_in_the_apis_that_it_has(model: str, wires: list[str]) -> None:
    found = [
        wire for wire, surface in VERTEX_AI.surfaces(place()).items() if surface.takes is None or surface.takes(model)
    ]

    assert set(wires) <= set(found)
    generating = {"gemini", "anthropic-messages", "openai-chat"}
    assert len(generating.intersection(found)) == 1


def test_a_key_goes_where_google_reads_keys() -> None:
    assert (
        {surface.key_header for surface in VERTEX_AI.surfaces(place()).values()} == {KEY_HEADER} == {"x-goog-api-key"}
    )


def test_a_name_cannot_leave_its_segment_of_the_path() -> None:
    url = url_of(VERTEX_AI, "anthropic-messages", Asked("claude-x/../y?z;w"), place())

    assert url.endswith("/publishers/anthropic/models/claude-x%2F..%2Fy%3Fz%3Bw:rawPredict")
