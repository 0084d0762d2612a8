"""Addresses from resources to what happens to a request: whom the gateway takes for the client."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Peer
from data_plane.filters.address import AddressFilter, CallerAddressFilter
from data_plane.filters.address_rate import AddressRateFilter
from data_plane.filters.client_address import ClientAddressFilter
from tests.fakes.addresses import HOME, OFFICE, PROXY, TRUSTING, ask, edge, shop
from tests.fakes.gateway import Gateway, post, request, resource


def forwarded(gateway: Gateway, address: str, **headers: str) -> list[str]:
    """The lines that a Service gets beside the usual ones; none where the peer's are right."""
    lines = ask(gateway, request("GET", "/shop", **headers), address).exchange.forwarded
    return [] if lines is None else lines.decode().split("\r\n")[:-1]


# Who the client is.


@mark.parametrize(
    "spec, peer, headers, expected",
    [
        param({}, HOME, {"x_forwarded_for": OFFICE}, HOME, id="nobody is trusted"),
        param({"clientAddress": {}}, HOME, {"x_forwarded_for": OFFICE}, HOME, id="no proxies"),
        param({"clientAddress": {}}, "", {"x_forwarded_for": OFFICE}, OFFICE, id="a Unix socket"),
        param({}, "", {"x_forwarded_for": OFFICE}, "", id="a Unix socket, and nobody is trusted"),
        param({"clientAddress": {"trustedProxies": [PROXY]}}, HOME, {"x_forwarded_for": OFFICE}, HOME, id="a stranger"),
        param({"clientAddress": {"trustedProxies": [PROXY]}}, PROXY, {"x_forwarded_for": OFFICE}, OFFICE, id="a proxy"),
        param({"clientAddress": {"trustedProxies": [PROXY]}}, PROXY, {"x_forwarded_for": "a"}, PROXY, id="malformed"),
        param({"clientAddress": {"trustedProxies": [PROXY]}}, PROXY, {}, PROXY, id="a proxy that says nothing"),
        param(
            {"clientAddress": {"trustedProxies": [PROXY], "header": "Forwarded"}},
            PROXY,
            {"forwarded": f"for={OFFICE}", "x_forwarded_for": "6.6.6.6"},
            OFFICE,
            id="forwarded alone",
        ),
        param(
            {"clientAddress": {"trustedProxies": [PROXY], "header": "XRealIp"}},
            PROXY,
            {"x_real_ip": OFFICE, "x_forwarded_for": "6.6.6.6"},
            OFFICE,
            id="x-real-ip alone",
        ),
        param(
            {"clientAddress": {"trustedProxies": [PROXY], "header": "None"}},
            PROXY,
            {"x_forwarded_for": OFFICE},
            PROXY,
            id="no header",
        ),
    ],
)
def test_the_client_is_the_peer_unless_a_trusted_proxy_says_otherwise(
    spec: dict[str, Any], peer: str, headers: dict[str, str], expected: str
) -> None:
    gateway = Gateway(shop() | dict([edge(**spec)]))

    for asked in (post(**headers), request("GET", "/shop", **headers), request("GET", "/nowhere", **headers)):
        answer = ask(gateway, asked, peer)
        answer.complete()
        assert answer.exchange.client_ip == expected
        assert gateway.sink.records[-1].client_ip == expected


def test_trust_is_revoked_with_the_next_configuration() -> None:
    gateway = Gateway(shop() | dict([TRUSTING]))
    assert ask(gateway, post(x_forwarded_for=OFFICE), PROXY).exchange.client_ip == OFFICE

    gateway.apply(dict([edge(clientAddress={"trustedProxies": ["172.16.0.0/12"]})]))
    assert ask(gateway, post(x_forwarded_for=OFFICE), PROXY).exchange.client_ip == PROXY

    gateway.apply({}, ["platform/Gateway/edge"])
    assert ask(gateway, post(x_forwarded_for=OFFICE), PROXY).exchange.client_ip == PROXY


def test_another_gateway_s_trust_does_not_count() -> None:
    gateway = Gateway(shop() | dict([resource("Gateway", "inner", {"clientAddress": {"trustedProxies": [PROXY]}})]))

    assert ask(gateway, post(x_forwarded_for=OFFICE), PROXY).exchange.client_ip == PROXY


# What Services are told.


def test_of_a_stranger_services_hear_what_its_connection_says() -> None:
    gateway = Gateway(shop() | dict([TRUSTING]))

    assert forwarded(gateway, HOME, x_forwarded_for=OFFICE) == []
    assert Peer(HOME, "https").forwarded == b"x-forwarded-for: 198.51.100.1\r\nx-forwarded-proto: https\r\n"
    assert Peer().forwarded == b"x-forwarded-proto: http\r\n"


def test_of_a_proxy_s_client_services_hear_the_path_that_is_believed() -> None:
    gateway = Gateway(shop() | dict([TRUSTING]))

    lines = forwarded(
        gateway,
        PROXY,
        x_forwarded_for=f"6.6.6.6, {OFFICE}, 10.9.9.9",
        x_forwarded_proto="https",
        x_forwarded_host="shop.example",
        x_forwarded_port="443",
        x_forwarded_prefix="/eu",
    )

    assert lines == [
        f"x-forwarded-for: {OFFICE}, 10.9.9.9, {PROXY}",
        "x-forwarded-proto: https",
        "x-forwarded-host: shop.example",
        "x-forwarded-port: 443",
        "x-forwarded-prefix: /eu",
    ]


def test_a_proxy_s_nonsense_is_not_handed_on() -> None:
    gateway = Gateway(shop() | dict([TRUSTING]))

    lines = forwarded(
        gateway,
        PROXY,
        x_forwarded_for="nonsense",
        x_forwarded_proto="gopher",
        x_forwarded_host="a b",
        x_forwarded_port="-1",
        x_forwarded_prefix="//evil.example/ a",
    )

    assert lines == [f"x-forwarded-for: {PROXY}", "x-forwarded-proto: http", "x-forwarded-host: gateway"]


@mark.parametrize(
    "forward, peer, expected",
    [
        ("None", HOME, []),
        ("Forwarded", HOME, [f'forwarded: for={HOME};proto=http;host="gateway"']),
        ("Forwarded", "2001:db8::1", ['forwarded: for="[2001:db8::1]";proto=http;host="gateway"']),
        ("Forwarded", PROXY, [f'forwarded: for={OFFICE};proto=https;host="gateway", for={PROXY}']),
        ("Forwarded", "", [f'forwarded: for={OFFICE};proto=https;host="gateway"']),
        (
            "Both",
            HOME,
            [
                f"x-forwarded-for: {HOME}",
                "x-forwarded-proto: http",
                "x-forwarded-host: gateway",
                f'forwarded: for={HOME};proto=http;host="gateway"',
            ],
        ),
    ],
)
def test_services_are_told_in_the_words_that_the_gateway_chooses(forward: str, peer: str, expected: list[str]) -> None:
    spec = {"trustedProxies": ["10.0.0.0/8"], "forward": forward}
    gateway = Gateway(shop() | dict([edge(clientAddress=spec)]))

    assert forwarded(gateway, peer, x_forwarded_for=OFFICE, x_forwarded_proto="https") == expected


def test_a_stranger_says_nothing_of_itself_in_whatever_words() -> None:
    gateway = Gateway(shop() | dict([edge(clientAddress={"trustedProxies": ["10.0.0.0/8"], "forward": "Both"})]))
    plain = forwarded(gateway, HOME)

    assert (
        forwarded(
            gateway,
            HOME,
            x_forwarded_for=OFFICE,
            x_forwarded_proto="https",
            x_forwarded_host="evil.example",
            x_forwarded_port="443",
            x_forwarded_prefix="/evil",
            forwarded=f"for={OFFICE}",
        )
        == plain
    )


def test_a_client_without_an_address_is_unknown_to_services() -> None:
    gateway = Gateway(shop() | dict([edge(clientAddress={"forward": "Forwarded"})]))

    assert forwarded(gateway, "") == ['forwarded: for=unknown;proto=http;host="gateway"']


def test_providers_are_told_nothing() -> None:
    gateway = Gateway(shop() | dict([edge(clientAddress={"trustedProxies": ["10.0.0.0/8"], "forward": "Both"})]))

    assert ask(gateway, post(x_forwarded_for=OFFICE), PROXY).exchange.forwarded is None


# How often one address may ask.


def test_requests_of_an_address_are_capped_before_authentication() -> None:
    gateway = Gateway(shop() | dict([edge(perAddress={"requestsPerSecond": 1, "burst": 2})]))

    codes = [ask(gateway, post(authorization="Bearer wrong"), HOME).code for _ in range(3)]
    assert codes == ["unauthenticated", "unauthenticated", "rate_limited"]
    refused = ask(gateway, request("GET", "/nowhere"), HOME).error
    assert refused is not None
    assert (refused.status, refused.origin, refused.retry_after_seconds) == (429, "gateway", 1)
    assert ask(gateway, post(), OFFICE).code == ""
    assert gateway.metrics.address_refused[("rate",)].value == 2


def test_a_change_of_configuration_forgives_nothing() -> None:
    gateway = Gateway(shop() | dict([edge(perAddress={"requestsPerSecond": 1})]))
    ask(gateway, post(), HOME)

    gateway.apply(dict([resource("Tenant", "default", labels={"plan": "gold"})]))

    assert ask(gateway, post(), HOME).code == "rate_limited"


def test_the_address_that_is_capped_is_the_client_s() -> None:
    spec = {"clientAddress": {"trustedProxies": ["10.0.0.0/8"]}, "perAddress": {"requestsPerSecond": 1}}
    gateway = Gateway(shop() | dict([edge(**spec)]))

    assert [ask(gateway, post(x_forwarded_for=address), PROXY).code for address in (OFFICE, HOME, HOME)] == [
        "",
        "",
        "rate_limited",
    ]


def test_connections_alone_cap_no_requests() -> None:
    gateway = Gateway(shop() | dict([edge(perAddress={"connections": 1})]))

    assert [ask(gateway, post(), HOME).code for _ in range(5)] == [""] * 5
    assert gateway.snapshot.connection_caps is not None
    assert gateway.snapshot.connection_caps.caps.connections == 1


# What it costs where it is not asked for.


def test_a_gateway_that_says_nothing_of_addresses_has_no_filter_for_them() -> None:
    gateway = Gateway(shop())
    hooks = [hook for asked in (post(), request("GET", "/shop")) for _, hook in ask(gateway, asked, HOME).plan.head]
    ours = (ClientAddressFilter, AddressRateFilter, AddressFilter, CallerAddressFilter)

    assert not any(isinstance(getattr(hook, "__self__", None), ours) for hook in hooks)
    assert gateway.snapshot.connection_caps is None
