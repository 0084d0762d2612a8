"""Which version of a Service's API a request wants, and what its answer says of that version's end.

Sources: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`), RFC 8288 (`Link`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_plane.codecs.query_fields import encode_field, joined, values_of, without
from data_plane.errors import ApiVersionNotFound, ApiVersionRetired, ApiVersionUnknown, BadRequest, Fields
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.vary import add_vary

# Segments that are meant as a version though there is none of that name: `v7`, `v1.2`, `2026-11-24`.
LOOKS_LIKE_VERSION = re.compile(rb"v[0-9][A-Za-z0-9._-]*|[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
SHOWN_CHARACTERS = 64

Choose = Callable[[Exchange], str]


@dataclass(frozen=True, slots=True)
class Versions:
    """What there is to choose from. `default` is empty where a request must say what it wants.

    `forgives`: an unknown version gives the default. `strips`: the upstream does not get to see the version.
    """

    served: tuple[str, ...]
    retired: tuple[str, ...] = ()
    default: str = ""
    forgives: bool = False
    strips: bool = False

    @property
    def by_text(self) -> dict[bytes, str]:
        return {name.encode(): name for name in (*self.served, *self.retired)}

    @property
    def sentence(self) -> str:
        return f"it has {', '.join(self.served) or 'none any more'}"


class ByPath:
    """By the segment after a prefix."""

    def __init__(self, versions: Versions, prefix: bytes) -> None:
        self._versions = versions
        self._names = versions.by_text
        self._prefix = prefix

    def __call__(self, exchange: Exchange) -> str:
        versions, prefix, path = self._versions, self._prefix, exchange.api_path
        below = path[len(prefix) :]
        if not path.startswith(prefix) or below[:1] not in (b"/", b""):
            return self._default("the path names no version of the API")
        segment, slash, rest = below[1:].partition(b"/")
        version = self._names.get(segment)
        if version is not None:
            if versions.strips:
                exchange.api_path = prefix + slash + rest or b"/"
            return version
        if LOOKS_LIKE_VERSION.fullmatch(segment):
            if not versions.forgives:
                raise ApiVersionNotFound(f"the API has no version '{_shown(segment)}'; {versions.sentence}")
            below = slash + rest
        version = self._default("the path names no version of the API")
        named = b"" if versions.strips else b"/" + version.encode()
        exchange.api_path = prefix + named + below or b"/"
        return version

    def _default(self, reason: str) -> str:
        if not self._versions.default:
            raise ApiVersionNotFound(f"{reason}; {self._versions.sentence}")
        return self._versions.default


class ByHeader:
    """By a header."""

    def __init__(self, versions: Versions, name: bytes) -> None:
        self._versions = versions
        self._names = versions.by_text
        self._name = name
        self._vary: Fields = ((b"vary", name),)

    def __call__(self, exchange: Exchange) -> str:
        versions, name = self._versions, self._name
        text = exchange.request.headers.get(name)
        version = self._names.get(text) if text is not None else None
        if version is None:
            version = _default(versions, f"header '{name.decode()}'", text, self._vary)
            if not versions.strips:
                exchange.request_headers.append((name, version.encode()))
        if versions.strips:
            exchange.removed_headers += (name,)
        return version


class ByQuery:
    """By a query parameter."""

    def __init__(self, versions: Versions, name: bytes) -> None:
        self._versions = versions
        self._names = versions.by_text
        self._name = name

    def __call__(self, exchange: Exchange) -> str:
        versions, name, request = self._versions, self._name, exchange.request
        texts = values_of(request.query, name) if request.query else []
        if len(texts) > 1:
            raise BadRequest(f"the query parameter '{name.decode()}' must stand there once")
        version = self._names.get(texts[0]) if texts else None
        if version is None:
            version = _default(versions, f"query parameter '{name.decode()}'", texts[0] if texts else None)
            if not versions.strips:
                request.query = joined(without(request.query, (name,)), encode_field(name.decode(), version))
        if versions.strips:
            request.query = without(request.query, (name,))
        return version


class ApiVersionFilter(Filter):
    """`retired`: by version, what a request for it is told, and with which headers."""

    def __init__(self, choose: Choose, retired: Mapping[str, tuple[str, Fields]]) -> None:
        self._choose = choose
        self._retired = retired

    def on_request(self, exchange: Exchange) -> None:
        version = exchange.api_version = self._choose(exchange)
        retirement = self._retired.get(version)
        if retirement is not None:
            message, headers = retirement
            raise ApiVersionRetired(message, headers=headers)


class VersionNoticeFilter(Filter):
    """Tells clients of a version what will become of it, and caches what it was chosen by."""

    def __init__(self, notices: Fields, vary: bytes = b"") -> None:
        self._notices = notices
        self._vary = vary
        self._replaced = frozenset(name for name, _ in notices if name != b"link")

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        if self._replaced:
            response.headers = [field for field in response.headers if field[0] not in self._replaced]
        response.headers += self._notices
        if self._vary:
            add_vary(response.headers, self._vary)
        return response


def _default(versions: Versions, where: str, text: bytes | None, headers: Fields = ()) -> str:
    if versions.default and (text is None or versions.forgives):
        return versions.default
    said = f"names no version of the API, '{_shown(text)}'" if text is not None else "is missing"
    raise ApiVersionUnknown(f"the {where} {said}; {versions.sentence}", headers=headers)


def _shown(text: bytes) -> str:
    return text.decode("latin-1")[:SHOWN_CHARACTERS]
