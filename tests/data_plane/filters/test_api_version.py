"""Which version of an API a request gets, and what its answer says of that version's end."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response
from tests.fakes.gateway import Answer, Gateway, request, resource

VERSIONS: list[dict[str, Any]] = [
    {"name": "v1", "stage": "Retired", "successor": "v2", "links": [{"rel": "successor-version", "href": "/api/v2"}]},
    {
        "name": "v2",
        "stage": "Deprecated",
        "deprecatedAt": "2026-01-01T00:00:00Z",
        "sunsetAt": "2027-01-31T12:00:00Z",
        "links": [{"rel": "sunset", "href": "https://api.example/sunset"}],
        "basePath": "/two",
    },
    {"name": "v3", "endpoints": [{"host": "new", "port": 81}]},
]
DEPRECATION = [
    (b"deprecation", b"@1767225600"),
    (b"sunset", b"Sun, 31 Jan 2027 12:00:00 GMT"),
    (b"link", b'<https://api.example/sunset>; rel="sunset"'),
]


def served(route: dict[str, Any] | None = None, **versioning: Any) -> Gateway:
    service = {
        "endpoints": [{"host": "old", "port": 80}],
        "basePath": "/one",
        "versions": VERSIONS,
        "versioning": versioning,
    }
    spec = {"serviceRef": {"name": "api"}, "authentication": {"methods": ["Anonymous"]}, **(route or {})}
    return Gateway(dict([resource("Service", "api", service), resource("Route", "api", spec)]))


def ask(target: str, header: str = "", **versioning: Any) -> Answer:
    """With a version in the header `x-version`."""
    return served(**versioning).ask(request("GET", target, **{"x-version": header}))


BY_PATH: dict[str, Any] = {"by": "Path", "prefix": "/api"}
BY_HEADER: dict[str, Any] = {"by": "Header", "name": "x-version"}
BY_QUERY: dict[str, Any] = {"by": "Query", "name": "version"}


@mark.parametrize(
    "target, versioning, version, path",
    [
        param("/api/v3/items", {}, "v3", "/api/v3/items", id="kept"),
        param("/api/v3/items", {"forward": "Strip"}, "v3", "/api/items", id="stripped"),
        param("/api/v3", {"forward": "Strip"}, "v3", "/api", id="stripped, nothing below"),
        param("/api/v3/", {"forward": "Strip"}, "v3", "/api/", id="stripped, a folder"),
        param("/v3", {"forward": "Strip", "prefix": ""}, "v3", "/", id="stripped, nothing at all"),
        param("/api/items", {"default": "v2"}, "v2", "/api/v2/items", id="default, kept"),
        param("/api/items", {"default": "v2", "forward": "Strip"}, "v2", "/api/items", id="default, stripped"),
        param("/api", {"default": "v2"}, "v2", "/api/v2", id="default, nothing below"),
        param("/", {"default": "v2", "prefix": ""}, "v2", "/v2/", id="default at the root"),
        param("/apis/v3", {"default": "v2"}, "v2", "/apis/v3", id="beside the prefix"),
        param(
            "/api/v3x/a", {"default": "v2", "onUnknown": "Default"}, "v2", "/api/v2/a", id="unknown gives the default"
        ),
        param(
            "/api/2026-11/a",
            {"default": "v2", "onUnknown": "Default", "forward": "Strip"},
            "v2",
            "/api/a",
            id="unknown date, stripped",
        ),
    ],
)
def test_by_path(target: str, versioning: dict[str, str], version: str, path: str) -> None:
    exchange = ask(target, **{**BY_PATH, **versioning}).exchange

    assert (exchange.api_version, exchange.api_path) == (version, path.encode())
    assert exchange.request.path == target.encode()


@mark.parametrize(
    "header, versioning, version, sent, removed",
    [
        param("v3", {}, "v3", [], (), id="kept"),
        param("v3", {"forward": "Strip"}, "v3", [], (b"x-version",), id="stripped"),
        param("", {"default": "v2"}, "v2", [(b"x-version", b"v2")], (), id="default, told"),
        param("", {"default": "v2", "forward": "Strip"}, "v2", [], (b"x-version",), id="default, stripped"),
        param("v9", {"default": "v2", "onUnknown": "Default"}, "v2", [(b"x-version", b"v2")], (), id="unknown, told"),
    ],
)
def test_by_header(
    header: str, versioning: dict[str, str], version: str, sent: list[Any], removed: tuple[bytes, ...]
) -> None:
    exchange = ask("/items", header, **{**BY_HEADER, **versioning}).exchange

    assert (exchange.api_version, exchange.request_headers, exchange.removed_headers) == (version, sent, removed)


@mark.parametrize(
    "query, versioning, version, sent",
    [
        param("a=1&version=v3", {}, "v3", b"a=1&version=v3", id="kept"),
        param("a=1&version=v3", {"forward": "Strip"}, "v3", b"a=1", id="stripped"),
        param("%76ersion=v%33", {"forward": "Strip"}, "v3", b"", id="in another spelling"),
        param("a=1", {"default": "v2"}, "v2", b"a=1&version=v2", id="default, told"),
        param("", {"default": "v2"}, "v2", b"version=v2", id="default, told alone"),
        param("", {"default": "v2", "forward": "Strip"}, "v2", b"", id="default, stripped"),
        param("version=9", {"default": "v2", "onUnknown": "Default"}, "v2", b"version=v2", id="unknown, told"),
    ],
)
def test_by_query(query: str, versioning: dict[str, str], version: str, sent: bytes) -> None:
    exchange = ask(f"/items?{query}", **{**BY_QUERY, **versioning}).exchange

    assert (exchange.api_version, exchange.request.query) == (version, sent)


@mark.parametrize(
    "target, header, versioning, code, message",
    [
        ("/api/v9/a", "", BY_PATH, "api_version_not_found", "the API has no version 'v9'; it has v2, v3"),
        ("/api/v9/a", "", {**BY_PATH, "default": "v2"}, "api_version_not_found", "no version 'v9'; it has v2, v3"),
        ("/api/items", "", BY_PATH, "api_version_not_found", "the path names no version of the API; it has v2, v3"),
        ("/", "", BY_HEADER, "api_version_unknown", "the header 'x-version' is missing; it has v2, v3"),
        ("/", "v9", BY_HEADER, "api_version_unknown", "names no version of the API, 'v9'; it has v2, v3"),
        ("/", "v9", {**BY_HEADER, "default": "v2"}, "api_version_unknown", "'v9'"),
        (
            "/?version=9",
            "",
            BY_QUERY,
            "api_version_unknown",
            "query parameter 'version' names no version of the API, '9'",
        ),
        ("/?version=v2&version=v3", "", BY_QUERY, "bad_request", "must stand there once"),
        (
            "/api/v1/a",
            "",
            BY_PATH,
            "api_version_retired",
            "version 'v1' of the API is no longer served; use version 'v2'",
        ),
        ("/", "v1", BY_HEADER, "api_version_retired", "use version 'v2'"),
    ],
)
def test_a_refusal_says_what_there_is(
    target: str, header: str, versioning: dict[str, str], code: str, message: str
) -> None:
    answer = ask(target, header, **versioning)

    assert answer.code == code
    assert answer.error is not None
    assert message in answer.error.message


def test_a_refusal_tells_caches_and_clients_as_an_answer_would() -> None:
    retired = ask("/", "v1", **BY_HEADER).error
    unknown = ask("/", "v9", **BY_HEADER).error

    assert retired is not None and unknown is not None
    assert retired.headers == ((b"link", b'</api/v2>; rel="successor-version"'), (b"vary", b"x-version"))
    assert unknown.headers == ((b"vary", b"x-version"),)


def test_a_version_is_served_where_it_lies() -> None:
    two, three = (ask(f"/api/{version}", **BY_PATH).dispatcher.target for version in ("v2", "v3"))

    assert two is not None and three is not None
    assert (two.base_path, [each.host for each in two.cluster.endpoints]) == (b"/two", ["old"])
    assert (three.base_path, [each.host for each in three.cluster.endpoints]) == (b"/one", ["new"])


@mark.parametrize(
    "version, versioning, notices",
    [
        ("v2", BY_HEADER, [*DEPRECATION, (b"vary", b"x-version")]),
        ("v3", BY_HEADER, [(b"vary", b"x-version")]),
        ("v2", BY_PATH, DEPRECATION),
        ("v3", BY_PATH, []),
    ],
)
def test_answers_tell_of_the_version_s_end(version: str, versioning: dict[str, str], notices: list[Any]) -> None:
    answer = ask(f"/api/{version}", version, **versioning)

    headers = answer.respond(Response(200, [(b"x-a", b"1")])).headers

    assert headers == [(b"x-a", b"1"), *notices]


def test_the_gateway_knows_better_than_the_upstream_when_a_version_ends() -> None:
    answer = ask("/api/v2", **BY_PATH)

    headers = answer.respond(Response(200, [(b"sunset", b"never"), (b"link", b"</a>; rel=next")])).headers

    assert headers == [(b"link", b"</a>; rel=next"), *DEPRECATION]


def test_a_rewrite_comes_first() -> None:
    pinned = served({"rewrite": {"query": {"set": [{"name": "version", "value": "v3"}]}}}, **BY_QUERY)
    assert pinned.ask(request("GET", "/items?version=v2")).exchange.api_version == "v3"

    below = {"matches": [{"path": {"value": "/shop"}}], "rewrite": {"path": {"type": "ReplacePrefix", "value": "/api"}}}
    exchange = served(below, **BY_PATH).ask(request("GET", "/shop/v3/items")).exchange
    assert (exchange.api_version, exchange.api_path) == ("v3", b"/api/v3/items")


def test_a_policy_may_be_for_one_version() -> None:
    gateway = served(**BY_PATH)
    target = {"kind": "Service", "name": "api", "sectionName": "v2"}
    policy = {"targetRefs": [target], "request": {"set": [{"name": "x-old", "value": "1"}]}}
    gateway.apply(dict([resource("HeaderPolicy", "old", policy)]))

    assert gateway.ask(request("GET", "/api/v2")).exchange.request_headers == [(b"x-old", b"1")]
    assert gateway.ask(request("GET", "/api/v3")).exchange.request_headers == []


def test_the_version_is_recorded() -> None:
    gateway = served(**BY_PATH)
    gateway.ask(request("GET", "/api/v3")).complete()

    assert [record.api_version for record in gateway.sink.records] == ["v3"]
