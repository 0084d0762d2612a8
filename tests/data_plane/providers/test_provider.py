"""Where a request goes at each provider, and what it is given there."""

from pytest import mark, param, raises

from data_plane.codecs.client_api import classify
from data_plane.errors import UnmappableApi
from data_plane.exchange import Exchange, Timeouts
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.provider import Provider, Way
from data_plane.providers.surface import Place
from data_plane.providers.table import PROVIDER_TYPES
from tests.fakes.gateway import request


def exchange(target: str, version: str = "", *, stream: bool = False) -> Exchange:
    headers = {"anthropic-version": version} if version else {}
    made = request("POST", target, **headers)
    call = classify(made.path, made.headers)
    asked = Exchange(made, "", call.api, call.operation, call.path, "id", 0.0, 1, Timeouts())
    asked.stream = stream
    return asked


def provider(kind: str, url: str = "") -> Provider:
    place, found = Place(), PROVIDER_TYPES[kind]
    public = found.base_url(place) if found.base_url is not None else ""
    return Provider("default/p", found, BaseUrl.parse(url or public), found.surfaces(place), ApiKeys(("hunter2",)))


def way(made: Provider, asked: Exchange) -> Way:
    return made.way(asked.api, asked.operation, "own?name")


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
GENERATE = "/v1beta/models/asked:generateContent"


@mark.parametrize(
    "kind, url, target, path, lines",
    [
        ("OpenAI", "", CHAT, "/v1/chat/completions", ["host: api.openai.com"]),
        ("OpenAI", "", "/v1/responses?a=1", "/v1/responses?a=1", ["host: api.openai.com"]),
        (
            "OpenAI",
            "",
            "/openai/deployments/m/chat/completions?api-version=1&a=b",
            "/v1/chat/completions?a=b",
            ["host: api.openai.com"],
        ),
        ("OpenAICompatible", "http://127.0.0.1:8000/v1/", CHAT, "/v1/chat/completions", ["host: 127.0.0.1:8000"]),
        ("OpenAICompatible", "http://[::1]:8000/v1", CHAT, "/v1/chat/completions", ["host: [::1]:8000"]),
        (
            "Anthropic",
            "",
            MESSAGES,
            "/v1/messages",
            ["host: api.anthropic.com", "anthropic-version: 2023-06-01"],
        ),
        (
            "Gemini",
            "",
            GENERATE,
            "/v1beta/models/own%3Fname:generateContent",
            ["host: generativelanguage.googleapis.com"],
        ),
        (
            "Gemini",
            "",
            "/v1beta/models/asked:streamGenerateContent?alt=sse&key=theirs",
            "/v1beta/models/own%3Fname:streamGenerateContent?alt=sse",
            ["host: generativelanguage.googleapis.com"],
        ),
    ],
)
def test_paths_and_fields_of_a_relay(kind: str, url: str, target: str, path: str, lines: list[str]) -> None:
    made, asked = provider(kind, url), exchange(target)
    taken = way(made, asked)

    assert not taken.translates
    assert made.target(taken, asked, "own?name") == path.encode()
    assert sorted(made.fields(taken, asked).decode().split("\r\n")) == sorted([*lines, ""])


@mark.parametrize(
    "kind, target, stream, path",
    [
        ("Anthropic", CHAT, False, "/v1/messages"),
        ("Anthropic", "/v1/responses?x=1", True, "/v1/messages"),
        ("Gemini", CHAT, False, "/v1beta/models/own%3Fname:generateContent"),
        ("Gemini", CHAT, True, "/v1beta/models/own%3Fname:streamGenerateContent?alt=sse"),
        ("OpenAI", MESSAGES, False, "/v1/chat/completions"),
        ("OpenAI", GENERATE, True, "/v1/chat/completions"),
    ],
)
def test_another_api_than_the_clients_is_asked_in_its_own_way(kind: str, target: str, stream: bool, path: str) -> None:
    made, asked = provider(kind), exchange(target, version="2024-01-01", stream=stream)
    taken = way(made, asked)

    assert taken.translates
    assert made.target(taken, asked, "own?name") == path.encode()
    if kind == "Anthropic":
        assert b"anthropic-version: 2023-06-01" in made.fields(taken, asked)


def test_a_client_s_anthropic_version_is_kept() -> None:
    made, asked = provider("Anthropic"), exchange(MESSAGES, "2024-01-01")

    assert b"anthropic-version" not in made.fields(way(made, asked), asked)


@mark.parametrize(
    "kind, target, message",
    [
        param("Anthropic", "/v1/embeddings", "no equivalent for 'embeddings'.*it speaks .*anthropic-messages", id="op"),
        param("OpenAI", "/v2/rerank", "no equivalent for 'rerank'", id="family"),
    ],
)
def test_what_a_provider_has_no_equivalent_for_is_refused(kind: str, target: str, message: str) -> None:
    with raises(UnmappableApi, match=message):
        way(provider(kind), exchange(target))


def test_the_credential_shows_in_no_repr() -> None:
    assert "hunter2" not in repr(provider("OpenAI"))


@mark.parametrize(
    "target, reasons, path",
    [
        (MESSAGES, True, "/v1/responses"),
        (MESSAGES, False, "/v1/chat/completions"),
        (CHAT, True, "/v1/chat/completions"),
    ],
)
def test_models_that_always_reason_are_asked_by_the_api_that_carries_their_thoughts(
    target: str, reasons: bool, path: str
) -> None:
    made, asked = provider("OpenAI"), exchange(target)
    taken = made.way(asked.api, asked.operation, "gpt-5", reasons=reasons)

    assert made.target(taken, asked, "gpt-5") == path.encode()
