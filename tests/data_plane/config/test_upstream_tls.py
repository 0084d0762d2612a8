"""TLS with upstreams in the configuration: client certificates, and what is not there."""

from typing import Any

import pytest

from data_plane.upstream.cluster import KeyPair, UpstreamTls
from tests.fakes.certificates import pair
from tests.fakes.gateway import KEY, Gateway, basic, post, provider, request, resource

CHAIN, PRIVATE = pair("gateway.example")


def secret(tenant: str = "default", chain: bytes = CHAIN, key: bytes = PRIVATE) -> dict[str, bytes]:
    data = {"tls.crt": chain.decode(), "tls.key": key.decode()}
    return dict([resource("Secret", "ours", {"data": data}, tenant=tenant)])


def world(**tls: object) -> dict[str, bytes]:
    """A Service behind a version of its own, and a Provider, both over TLS, with a route to each."""
    endpoint = {"host": "shop.example", "port": 443}
    service = {"protocol": "HTTPS", "endpoints": [endpoint], "tls": tls}
    models: dict[str, Any] = {"baseUrl": "https://models.example", "auth": {"type": "None"}, "tls": tls}
    match = {"path": {"type": "Prefix", "value": "/shop"}}
    shop = resource("Route", "shop", {"serviceRef": {"name": "shop"}, "matches": [match]})
    return basic() | dict([resource("Service", "shop", service), provider(**models), shop])


def of_service(gateway: Gateway) -> UpstreamTls | None:
    answer = gateway.ask(request("GET", "/shop", authorization=f"Bearer {KEY}"))
    target = answer.dispatcher.target
    assert target is not None
    return target.cluster.endpoints[0].tls


def of_provider(gateway: Gateway) -> UpstreamTls | None:
    return gateway.ask(post()).dispatcher.versions[0].targets[0].cluster.endpoints[0].tls


@pytest.mark.parametrize("tenant", ["default", "platform"])
def test_a_secret_is_shown_to_upstreams(tenant: str) -> None:
    gateway = Gateway(world(clientCertificateRef={"name": "ours", "tenant": tenant}) | secret(tenant))
    shown = KeyPair(CHAIN, PRIVATE)
    assert of_service(gateway) == UpstreamTls("shop.example", client=shown)
    assert of_provider(gateway) == UpstreamTls("models.example", client=shown)


def test_without_a_reference_nothing_is_shown() -> None:
    gateway = Gateway(world(serverName="a.example") | secret())
    assert of_service(gateway) == of_provider(gateway) == UpstreamTls("a.example")


def test_a_changed_secret_is_shown_from_now_on() -> None:
    gateway = Gateway(world(clientCertificateRef={"name": "ours"}) | secret())
    chain, key = pair("gateway.example")
    assert gateway.apply(secret(chain=chain, key=key)).rejections == ()
    assert of_service(gateway) == UpstreamTls("shop.example", client=KeyPair(chain, key))


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({}, id="no Secret"),
        pytest.param(dict([resource("Secret", "ours", {"data": {"value": "x"}})]), id="a Secret without certificate"),
    ],
)
def test_without_its_certificate_an_upstream_is_not_served(there: dict[str, bytes]) -> None:
    gateway = Gateway(world(clientCertificateRef={"name": "ours"}) | there)
    assert gateway.ask(request("GET", "/shop", authorization=f"Bearer {KEY}")).code == "not_programmed"
    assert gateway.ask(post()).code == "not_programmed"
    gateway.apply(secret())
    assert of_service(gateway) is not None and of_provider(gateway) is not None


def test_another_tenants_certificate_is_rejected() -> None:
    gateway = Gateway()
    compiled = gateway.apply(world(clientCertificateRef={"name": "ours", "tenant": "other"}) | secret("other"))
    assert {each.path for each in compiled.rejections} == {"default/Service/shop", "default/Provider/openai"}
    assert all("must be 'default' or 'platform'" in each.reason for each in compiled.rejections)
