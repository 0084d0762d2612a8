"""From resources to plans: what is served, what is refused, what is rejected."""

from pytest import mark

from tests.fakes.gateway import Gateway, basic, credential, model, post, provider, request, resource, route, secret


def test_a_request_for_a_model_goes_to_its_versions() -> None:
    answer = Gateway(basic()).ask(post())

    assert answer.error is None
    assert [version.name for version in answer.dispatcher.versions] == ["v1"]
    assert answer.exchange.model == "gpt"
    assert answer.exchange.route == "default/models"
    assert answer.exchange.identity is not None
    assert answer.exchange.identity.application == "app"


def test_a_rest_route_goes_to_its_service_untouched() -> None:
    gateway = Gateway(
        basic()
        | dict(
            [
                resource("Service", "shop", {"endpoints": [{"host": "127.0.0.1", "port": 80}], "basePath": "/api"}),
                route("shop", serviceRef={"name": "shop"}, matches=[{"path": {"value": "/shop"}}]),
            ]
        )
    )

    answer = gateway.ask(request("PUT", "/shop/items/1", b"not json"))

    assert answer.error is None
    assert not answer.plan.holds_body
    assert answer.dispatcher.target is not None
    assert answer.dispatcher.target.base_path == b"/api"
    assert answer.exchange.api == "rest"


def test_before_the_first_configuration_everything_is_refused() -> None:
    assert Gateway().ask(post()).code == "not_programmed"
