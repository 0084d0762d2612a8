"""Where a request goes at each type of provider, and what proves us there."""

from pytest import mark, param, raises

from data_plane.codecs.client_api import classify
from data_plane.errors import UnmappableApi
from data_plane.exchange import Exchange, Timeouts
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.relay import BASE_URLS, ProviderAuth, RelayProvider
from tests.fakes.gateway import request


def exchange(target: str, **headers: str) -> Exchange:
    made = request("POST", target, **headers)
    call = classify(made.path, made.headers)
    return Exchange(made, "", call.api, call.operation, call.path, "id", 0.0, 1, Timeouts())


def provider(kind: str, url: str = "", header: str | None = None) -> RelayProvider:
    base = BaseUrl.parse(url or BASE_URLS[kind])
    return RelayProvider("default/p", kind, base, ProviderAuth("hunter2", header))


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
GENERATE = "/v1beta/models/asked:generateContent"
BEARER = "authorization: Bearer hunter2"


@mark.parametrize(
    "kind, url, target, path, lines",
    [
        ("OpenAI", "", CHAT, "/v1/chat/completions", ["host: api.openai.com", BEARER]),
        ("OpenAI", "", "/v1/responses?a=1", "/v1/responses?a=1", ["host: api.openai.com", BEARER]),
        (
            "OpenAI",
            "",
            "/openai/deployments/m/chat/completions?api-version=1&a=b",
            "/v1/chat/completions?a=b",
            ["host: api.openai.com", BEARER],
        ),
        (
            "OpenAICompatible",
            "http://127.0.0.1:8000/v1/",
            CHAT,
            "/v1/chat/completions",
            ["host: 127.0.0.1:8000", BEARER],
        ),
        ("OpenAICompatible", "http://[::1]:8000/v1", CHAT, "/v1/chat/completions", ["host: [::1]:8000", BEARER]),
        ("OpenAICompatible", "http://vllm/v1", "/v2/rerank", "/v1/rerank", ["host: vllm", BEARER]),
        (
            "Anthropic",
            "",
            MESSAGES,
            "/v1/messages",
            ["host: api.anthropic.com", "x-api-key: hunter2", "anthropic-version: 2023-06-01"],
        ),
        ("Anthropic", "", CHAT, "/v1/chat/completions", ["host: api.anthropic.com", BEARER]),
        (
            "Gemini",
            "",
            GENERATE,
            "/v1beta/models/own%3Fname:generateContent",
            ["host: generativelanguage.googleapis.com", "x-goog-api-key: hunter2"],
        ),
        (
            "Gemini",
            "",
            "/v1beta/models/asked:streamGenerateContent?alt=sse&key=theirs",
            "/v1beta/models/own%3Fname:streamGenerateContent?alt=sse",
            ["host: generativelanguage.googleapis.com", "x-goog-api-key: hunter2"],
        ),
        (
            "Gemini",
            "",
            CHAT,
            "/v1beta/openai/chat/completions",
            ["host: generativelanguage.googleapis.com", BEARER],
        ),
    ],
)
def test_paths_and_fields(kind: str, url: str, target: str, path: str, lines: list[str]) -> None:
    made, asked = provider(kind, url), exchange(target)

    assert made.path(asked, "own?name") == path.encode()
    sent = made.fields(asked) + made.credential(asked)
    assert sorted(sent.decode().split("\r\n")) == sorted([*lines, ""])
    assert "hunter2" not in made.fields(asked).decode()


def test_a_client_s_anthropic_version_is_kept() -> None:
    asked = exchange(MESSAGES, **{"anthropic-version": "2024-01-01"})

    assert b"anthropic-version" not in provider("Anthropic").fields(asked)


@mark.parametrize("header, line", [("api-key", b"api-key: hunter2\r\n"), (None, b"authorization: Bearer hunter2\r\n")])
def test_the_key_goes_where_the_resource_says(header: str | None, line: bytes) -> None:
    assert provider("OpenAI", header=header).credential(exchange(CHAT)) == line


def test_without_a_key_nothing_is_sent() -> None:
    made = RelayProvider("p", "OpenAI", BaseUrl.parse("http://h"), ProviderAuth(None))

    assert (made.fields(exchange(CHAT)), made.credential(exchange(CHAT))) == (b"host: h\r\n", b"")


@mark.parametrize(
    "kind, target, speaks",
    [
        param("OpenAI", MESSAGES, "it speaks openai", id="another API"),
        param("Anthropic", GENERATE, "it speaks anthropic and openai", id="a third API"),
        param("Anthropic", "/v1/embeddings", "it has chat", id="another operation"),
    ],
)
def test_what_a_provider_does_not_speak_is_refused_with_what_it_does(kind: str, target: str, speaks: str) -> None:
    with raises(UnmappableApi, match=speaks):
        provider(kind).path(exchange(target), "m")


def test_the_credential_shows_in_no_repr() -> None:
    assert "hunter2" not in repr(provider("OpenAI"))
    assert "hunter2" not in repr(ProviderAuth("hunter2"))


@mark.parametrize("key", ["a\r\nx: y", "ä", " a", "a\n"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with raises(ValueError, match="no header can carry") as caught:
        ProviderAuth(key)

    assert key not in str(caught.value)


@mark.parametrize("url", ["", "ftp://h", "https://", "http://h:0x1", "http://h:70000", "https://ä.example"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with raises(ValueError):
        BaseUrl.parse(url)
