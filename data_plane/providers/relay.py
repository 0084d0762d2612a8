"""Providers that are spoken to in the client's own API: where its paths lie there, and how a credential is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_plane.codecs.client_api import ANTHROPIC, COHERE, GEMINI, OPENAI
from data_plane.errors import UnmappableApi
from data_plane.exchange import Exchange
from data_plane.providers.base_url import BaseUrl

ANTHROPIC_VERSION = b"2023-06-01"  # for clients that name none; the API refuses requests without one
PERCENT_ENCODED = {ord(each): f"%{ord(each):02X}" for each in ' "#%?<>\\^`{|}'}

PathOf = Callable[[Exchange, str], bytes]


@dataclass(frozen=True, slots=True)
class Surface:
    """One API that a provider type speaks: which operations, below which path, and in which header the key goes."""

    operations: frozenset[str]
    root: bytes
    key_header: str
    path: PathOf
    adds_version: bool = False


def _same(exchange: Exchange, model: str) -> bytes:
    return exchange.api_path


def _with_model(exchange: Exchange, model: str) -> bytes:
    """Gemini names the model in the path: `/models/<model>:<method>`."""
    _, _, method = exchange.api_path.rpartition(b":")
    return b"/models/%b:%b" % (model.translate(PERCENT_ENCODED).encode(), method)


OPENAI_OPERATIONS = frozenset(("chat", "responses", "completions", "embeddings", "moderations"))
OPENAI_SURFACE = Surface(OPENAI_OPERATIONS, b"", "authorization", _same)
GEMINI_OPERATIONS = frozenset(("generate_content", "count_tokens", "embed_content"))
# What each type speaks below its base URL, whose meaning is that of the provider's SDK.
SURFACES: Mapping[str, Mapping[str, Surface]] = {
    "OpenAI": {OPENAI: OPENAI_SURFACE},
    "OpenAICompatible": {
        OPENAI: OPENAI_SURFACE,
        COHERE: Surface(frozenset(("rerank",)), b"", "authorization", _same),  # vLLM and others, beside the rest
    },
    "Anthropic": {
        ANTHROPIC: Surface(frozenset(("messages", "count_tokens")), b"/v1", "x-api-key", _same, adds_version=True),
        OPENAI: Surface(frozenset(("chat",)), b"/v1", "authorization", _same),
    },
    "Gemini": {
        GEMINI: Surface(GEMINI_OPERATIONS, b"/v1beta", "x-goog-api-key", _with_model),
        OPENAI: Surface(frozenset(("chat", "embeddings")), b"/v1beta/openai", "authorization", _same),
    },
}
BASE_URLS = {
    "OpenAI": "https://api.openai.com/v1",
    "Anthropic": "https://api.anthropic.com",
    "Gemini": "https://generativelanguage.googleapis.com",
}


class ProviderAuth:
    """The credential for a provider; the one place in a data plane where it lies. Its repr does not show it."""

    __slots__ = ("_header", "_key")

    def __init__(self, key: str | None, header: str | None = None) -> None:
        """`key`: None sends none.

        Raises:
            ValueError: a header cannot carry the key.
        """
        if key is not None and (not key.isascii() or not key.isprintable() or key != key.strip()):
            raise ValueError("the secret has characters that no header can carry")
        self._key = key
        self._header = header

    def line(self, key_header: str) -> bytes:
        """The header line with its CRLF; empty without a key."""
        if self._key is None:
            return b""
        header = self._header or key_header
        value = f"Bearer {self._key}" if header == "authorization" else self._key
        return f"{header}: {value}\r\n".encode()

    def __repr__(self) -> str:
        return "ProviderAuth(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProviderAuth) and (self._key, self._header) == (other._key, other._header)

    __hash__ = None  # type: ignore[assignment]  # no key of any dict: it is a secret


class RelayProvider:
    """One configured provider. Implements `Provider`."""

    __slots__ = ("_auth", "_base", "_type", "name")

    def __init__(self, name: str, kind: str, base: BaseUrl, auth: ProviderAuth) -> None:
        self.name = name
        self._type = kind
        self._base = base
        self._auth = auth

    def path(self, exchange: Exchange, model: str) -> bytes:
        surface = self._surface(exchange)
        path = self._base.path + surface.root + surface.path(exchange, model)
        query = _forwarded_query(exchange.request.query)
        return path + b"?" + query if query else path

    def fields(self, exchange: Exchange) -> bytes:
        surface = self._surface(exchange)
        lines = b"host: %b\r\n" % self._base.authority
        if surface.adds_version and b"anthropic-version" not in exchange.request.headers:
            lines += b"anthropic-version: %b\r\n" % ANTHROPIC_VERSION
        return lines

    def credential(self, exchange: Exchange) -> bytes:
        return self._auth.line(self._surface(exchange).key_header)

    def _surface(self, exchange: Exchange) -> Surface:
        surfaces = SURFACES[self._type]
        surface = surfaces.get(exchange.api)
        if surface is None:
            spoken = " and ".join(surfaces)
            raise UnmappableApi(f"the {exchange.api} API is not spoken by this model's provider; it speaks {spoken}")
        if exchange.operation not in surface.operations:
            spoken = ", ".join(sorted(surface.operations))
            raise UnmappableApi(
                f"this model's provider has no '{exchange.operation}'; of the {exchange.api} API it has {spoken}"
            )
        return surface

    def __repr__(self) -> str:
        return f"RelayProvider({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RelayProvider) and (self.name, self._type, self._base, self._auth) == (
            other.name,
            other._type,
            other._base,
            other._auth,
        )

    __hash__ = None  # type: ignore[assignment]  # compared by content, kept in no set


def _forwarded_query(query: bytes) -> bytes:
    """Without Azure's `api-version`, which asks for the API of the client's choice, and without keys."""
    if not query or (b"api-version=" not in query and b"key=" not in query):
        return query
    return b"&".join(field for field in query.split(b"&") if not field.startswith((b"api-version=", b"key=")))
