"""Which pages of other origins may call, and what their browsers are told."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response
from data_plane.origins import Origins
from tests.fakes.gateway import Answer, Gateway, basic, request, resource, route

PAGE = "https://app.example"
SHOP = {"path": {"value": "/shop"}}
SERVICE = resource("Service", "shop", {"endpoints": [{"host": "h", "port": 80}]})


def cors(
    name: str = "cors", *, on: dict[str, str] | None = None, tenant: str = "default", **spec: Any
) -> tuple[str, bytes]:
    target = on or {"kind": "Route", "name": "shop"}
    return resource("CorsPolicy", name, {"targetRefs": [target], "allowOrigins": [PAGE], **spec}, tenant=tenant)


def gateway(*policies: tuple[str, bytes], **spec: Any) -> Gateway:
    """A route to a Service at `/shop`, for keys only."""
    served = {"serviceRef": {"name": "shop"}, "matches": [SHOP], **spec}
    return Gateway(basic() | dict([SERVICE, route("shop", **served), *policies]))


def preflight(served: Gateway, method: str = "GET", path: str = "/shop/1", **headers: str) -> Answer:
    announced = {"access-control-request-method": method, "origin": PAGE, "authorization": "", **headers}
    return served.ask(request("OPTIONS", path, **announced))


def answered(answer: Answer) -> dict[str, str]:
    """The fields of a preflight's answer."""
    assert answer.response is not None, answer.error
    assert answer.response.status == 204
    return {name.decode(): value.decode() for name, value in answer.response.headers}


def read(served: Gateway, *upstream: tuple[bytes, bytes], origin: str = PAGE) -> list[tuple[bytes, bytes]]:
    """The fields that come out of an upstream's."""
    return served.ask(request("GET", "/shop", origin=origin)).respond(Response(200, list(upstream))).headers


@mark.parametrize(
    "allowed, origin, answer",
    [
        param(PAGE, PAGE, PAGE, id="named"),
        param(PAGE, "http://app.example", None, id="another scheme"),
        param(PAGE, "https://app.example:8443", None, id="another port"),
        param(PAGE, "https://app.example.evil", None, id="a longer name"),
        param(PAGE, f"{PAGE}, {PAGE}", None, id="two origins"),
        param("https://*.app.example", "https://a.app.example", "https://a.app.example", id="below"),
        param("https://*.app.example", "https://b.a.app.example", "https://b.a.app.example", id="far below"),
        param("https://*.app.example", PAGE, None, id="the name itself"),
        param("https://*.app.example", "https://evilapp.example", None, id="within a label"),
        param("https://*.app.example", "https://evil/.app.example", None, id="another host before a slash"),
        param("https://*.app.example", "https://a.appxexample", None, id="a dot is a dot"),
        param("https://*.app.example:8443", "https://a.app.example:8443", "https://a.app.example:8443", id="with port"),
        param("https://*.app.example:8443", "https://a.app.example", None, id="without its port"),
        param("*", "null", "*", id="all, even those without origin"),
        param(PAGE, "null", None, id="no origin"),
        param(PAGE, "", None, id="no page"),
    ],
)
def test_an_origin_is_allowed_on_label_boundaries(allowed: str, origin: str, answer: str | None) -> None:
    found = Origins((allowed,)).answer(request("GET", "/", origin=origin))

    assert found == (answer.encode() if answer is not None else None)


def test_a_preflight_is_told_all_that_the_policy_allows() -> None:
    policy = cors(
        allowMethods=["GET", "PUT"], allowHeaders=["authorization", "x-a"], allowCredentials="Allow", maxAgeSeconds=60
    )

    answer = preflight(gateway(policy), "PUT", **{"access-control-request-headers": "authorization"})

    assert answered(answer) == {
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "authorization, x-a",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "60",
    }
    assert (answer.exchange.route, answer.exchange.operation) == ("default/shop", "preflight")
    assert answer.exchange.identity is None


def test_a_preflight_of_another_page_is_told_nothing() -> None:
    answer = answered(preflight(gateway(cors()), origin="https://evil.example"))

    assert list(answer) == ["vary"]


@mark.parametrize("names", ["x-a, X-B", "x-a\x01", "", "x-a,,"])
def test_asked_headers_come_back_only_where_all_are_allowed_and_as_names(names: str) -> None:
    answer = answered(preflight(gateway(cors(allowHeaders=["*"])), **{"access-control-request-headers": names}))

    assert answer.get("access-control-allow-headers") == ("x-a, X-B" if names == "x-a, X-B" else None)


@mark.parametrize("allowed", ["Allow", "Refuse"])
def test_a_private_network_is_opened_only_by_the_policy(allowed: str) -> None:
    asked = {"access-control-request-private-network": "true"}

    answer = answered(preflight(gateway(cors(allowPrivateNetwork=allowed)), **asked))

    assert ("access-control-allow-private-network" in answer) == (allowed == "Allow")


def test_a_preflight_goes_to_the_route_that_its_request_will_take() -> None:
    served = gateway(
        cors(),
        cors("put", on={"kind": "Route", "name": "put"}, allowMethods=["PUT"]),
        route("put", serviceRef={"name": "shop"}, matches=[{"path": {"value": "/shop"}, "methods": ["PUT"]}]),
    )

    assert answered(preflight(served, "PUT"))["access-control-allow-methods"] == "PUT"
    assert answered(preflight(served, "GET"))["access-control-allow-methods"] == "GET, HEAD, POST"


def test_a_header_that_is_announced_may_have_the_value_that_a_route_asks_for() -> None:
    match = {"path": {"value": "/shop"}, "headers": [{"name": "x-beta", "value": "1"}]}
    served = gateway(
        cors(on={"kind": "Route", "name": "beta"}), route("beta", serviceRef={"name": "shop"}, matches=[match])
    )

    assert answered(preflight(served, **{"access-control-request-headers": "X-Beta"}))
    assert preflight(served).response is None


def test_without_a_policy_the_question_is_an_ordinary_request() -> None:
    assert preflight(gateway()).code == "unauthenticated"

    open_route = gateway(authentication={"methods": ["Anonymous"]})
    assert preflight(open_route).dispatcher.target is not None


def test_options_without_a_page_go_to_the_service() -> None:
    served = gateway(cors(), authentication={"methods": ["Anonymous"]})

    assert served.ask(request("OPTIONS", "/shop")).dispatcher.target is not None


def test_an_answer_is_for_the_page_and_the_upstream_says_nothing_of_it() -> None:
    policy = cors(exposeHeaders=["x-total", "x-isthmus-request-id"], allowCredentials="Allow")

    headers = read(
        gateway(policy),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"DELETE"),
        (b"x-a", b"1"),
    )

    assert headers == [
        (b"x-a", b"1"),
        (b"access-control-allow-origin", PAGE.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"x-total, x-isthmus-request-id"),
        (b"vary", b"Origin"),
    ]


@mark.parametrize("origin", ["", "https://evil.example"])
def test_for_other_pages_only_caches_are_told(origin: str) -> None:
    assert read(gateway(cors()), (b"access-control-allow-origin", b"*"), origin=origin) == [(b"vary", b"Origin")]


@mark.parametrize(
    "given, expected",
    [
        (b"Accept-Encoding", [b"Accept-Encoding", b"Origin"]),
        (b"accept, origin", [b"accept, origin"]),
        (b"*", [b"*"]),
        (b"x-origin", [b"x-origin", b"Origin"]),
    ],
)
def test_vary_is_merged(given: bytes, expected: list[bytes]) -> None:
    headers = read(gateway(cors()), (b"vary", given))

    assert [value for name, value in headers if name == b"vary"] == expected


def test_a_page_may_read_a_refusal() -> None:
    answer = gateway(cors()).ask(request("GET", "/shop", origin=PAGE, authorization=""))

    refused = answer.respond(Response(401, []))

    assert answer.code == "unauthenticated"
    assert (b"access-control-allow-origin", PAGE.encode()) in refused.headers


def test_a_page_may_read_that_nothing_is_there_where_the_gateway_says_so() -> None:
    policy = cors(on={"kind": "Gateway", "name": "edge"}, tenant="platform")
    served = Gateway(dict([SERVICE, route("shop", serviceRef={"name": "shop"}, matches=[SHOP]), policy]))

    assert answered(preflight(served, path="/nowhere"))["access-control-allow-origin"] == PAGE
    answer = served.ask(request("GET", "/nowhere", origin=PAGE))
    assert answer.code == "route_not_found"
    assert (b"access-control-allow-origin", PAGE.encode()) in answer.respond(Response(404, [])).headers


def test_a_page_may_read_that_a_method_is_not_served() -> None:
    served = gateway(cors(allowMethods=["GET", "DELETE"]), matches=[{**SHOP, "methods": ["GET"]}])
    served.apply({}, ["default/Route/models"])

    assert answered(preflight(served, "DELETE"))["access-control-allow-methods"] == "GET, DELETE"
    answer = served.ask(request("DELETE", "/shop", origin=PAGE))
    assert answer.code == "method_not_allowed"
    assert (b"access-control-allow-origin", PAGE.encode()) in answer.respond(Response(405, [])).headers


def shared(tenant: str, *methods: str, allowed: str) -> list[tuple[str, bytes]]:
    """A tenant's route at the same place as others', and its policy."""
    spec = {"serviceRef": {"name": "shop"}, "matches": [SHOP], "authentication": {"methods": list(methods)}}
    service = {"endpoints": [{"host": "h", "port": 80}]}
    return [
        resource("Service", "shop", service, tenant=tenant),
        resource("Route", tenant, spec, tenant=tenant),
        cors(on={"kind": "Route", "name": tenant}, tenant=tenant, allowOrigins=[allowed]),
    ]


@mark.parametrize(
    "first, origin, is_allowed",
    [
        param("ApiKey", "https://b.example", True, id="of another tenant"),
        param("ApiKey", "https://a.example", True, id="of the first tenant"),
        param("ApiKey", "https://evil.example", False, id="of none"),
        param("Anonymous", "https://b.example", False, id="behind a route that takes everybody"),
    ],
)
def test_a_page_may_be_of_any_tenant_whose_key_the_request_could_bring(
    first: str, origin: str, is_allowed: bool
) -> None:
    routes = [*shared("a", first, allowed="https://a.example"), *shared("b", "ApiKey", allowed="https://b.example")]

    answer = answered(preflight(Gateway(dict(routes)), origin=origin))

    assert ("access-control-allow-origin" in answer) == is_allowed


@mark.parametrize("kind, name", [("Route", "shop"), ("Service", "shop"), ("Tenant", "default")])
def test_a_policy_reaches_through_what_a_preflight_can_know(kind: str, name: str) -> None:
    assert answered(preflight(gateway(cors(on={"kind": kind, "name": name}))))["access-control-allow-origin"] == PAGE


def test_the_narrower_policy_wins() -> None:
    served = gateway(
        cors(), cors("wide", on={"kind": "Tenant", "name": "default"}, allowOrigins=["https://other.example"])
    )

    assert "access-control-allow-origin" in answered(preflight(served))
    assert "access-control-allow-origin" not in answered(preflight(served, origin="https://other.example"))


def test_a_shadow_policy_answers_nothing() -> None:
    assert preflight(gateway(cors(mode="Shadow"))).code == "unauthenticated"


def test_pages_may_call_models() -> None:
    served = gateway(cors(on={"kind": "Route", "name": "models"}))

    assert answered(preflight(served, "POST", "/v1/chat/completions"))["access-control-allow-origin"] == PAGE
