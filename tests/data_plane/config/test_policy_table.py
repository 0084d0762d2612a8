"""Policies from resources to what they do to a request."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response, Timeouts
from tests.fakes.gateway import Gateway, basic, model, post, resource


def header(name: str, **spec: Any) -> tuple[str, bytes]:
    return resource(
        "HeaderPolicy",
        name,
        {"request": {"set": [{"name": "x-policy", "value": name}]}, **spec},
        tenant=spec.pop("tenant", "default"),
    )


def to(kind: str, name: str, **more: str) -> dict[str, Any]:
    return {"targetRefs": [{"kind": kind, "name": name, **more}]}


def sent(gateway: Gateway) -> list[bytes]:
    return [value for name, value in gateway.ask(post()).exchange.request_headers if name == b"x-policy"]


@mark.parametrize(
    "target, applies",
    [
        param(to("Credential", "key"), True, id="credential"),
        param(to("Credential", "other"), False, id="another credential"),
        param(to("Application", "app"), True, id="application"),
        param(to("Team", "team"), True, id="team"),
        param(to("Route", "models"), True, id="route"),
        param(to("Model", "gpt"), True, id="model"),
        param(to("Model", "gpt", sectionName="v1"), True, id="version"),
        param(to("Model", "gpt", sectionName="v2"), False, id="another version"),
        param(to("Tenant", "default"), True, id="tenant"),
        param({"selector": {"kind": "Team", "matchLabels": {"level": "1"}}}, True, id="team by label"),
        param({"selector": {"kind": "Team", "matchLabels": {"level": "2"}}}, False, id="team by another label"),
        param({"selector": {"kind": "Application"}}, True, id="all applications"),
        param({**to("Route", "models"), "mode": "Shadow"}, False, id="shadow"),
    ],
)
def test_a_policy_applies_to_what_it_targets(target: dict[str, Any], applies: bool) -> None:
    gateway = Gateway(
        basic()
        | dict(
            [
                resource("Team", "team", labels={"level": "1"}),
                resource("Application", "app", {"teamRef": {"name": "team"}}),
                header("policy", **target),
            ]
        )
    )

    assert sent(gateway) == ([b"policy"] if applies else [])


def test_one_override_policy_wins_and_the_next_follows_when_it_goes() -> None:
    gateway = Gateway(
        basic() | dict([header("wide", **to("Tenant", "default")), header("narrow", **to("Model", "gpt"))])
    )
    assert sent(gateway) == [b"narrow"]

    gateway.apply({}, ["default/HeaderPolicy/narrow"])

    assert sent(gateway) == [b"wide"]


def test_labels_that_change_change_what_policies_reach() -> None:
    gateway = Gateway(basic() | dict([header("gold", selector={"kind": "Tenant", "matchLabels": {"plan": "gold"}})]))
    assert sent(gateway) == []

    gateway.apply(dict([resource("Tenant", "default", labels={"plan": "gold"})]))

    assert sent(gateway) == [b"gold"]


def test_a_shadow_policy_is_counted() -> None:
    gateway = Gateway(basic() | dict([header("shadow", **to("Route", "models"), mode="Shadow")]))

    gateway.ask(post())

    assert gateway.metrics.shadowed[("default/HeaderPolicy/shadow",)].value == 1


def test_a_shadow_policy_that_would_lose_is_not_counted() -> None:
    wide, narrow = header("wide", **to("Tenant", "default"), mode="Shadow"), header("narrow", **to("Model", "gpt"))
    gateway = Gateway(basic() | dict([wide, narrow]))

    assert sent(gateway) == [b"narrow"]
    assert not gateway.metrics.shadowed


def test_timeouts_that_are_not_given_keep_their_default() -> None:
    policy = resource("TimeoutPolicy", "t", {**to("Route", "models"), "requestSeconds": 7})

    assert Gateway(basic() | dict([policy])).ask(post()).exchange.timeouts == Timeouts(request=7)


def test_response_headers_are_replaced_and_removed() -> None:
    policy = resource(
        "HeaderPolicy",
        "h",
        {**to("Route", "models"), "response": {"set": [{"name": "x-a", "value": "new"}], "remove": ["server"]}},
    )

    answer = Gateway(basic() | dict([policy])).ask(post())
    response = answer.respond(Response(200, [(b"x-a", b"old"), (b"server", b"x"), (b"x-b", b"1")]))

    assert response.headers == [(b"x-b", b"1"), (b"x-a", b"new")]


def test_a_policy_for_one_version_applies_to_the_requests_that_it_serves() -> None:
    gateway = Gateway(
        basic() | dict([model("gpt", "openai", "openai"), header("v1", **to("Model", "gpt", sectionName="v1"))])
    )

    answer = gateway.ask(post())

    assert [version.name for version in answer.dispatcher.versions] == ["v1"]
    assert answer.exchange.request_headers == [(b"x-policy", b"v1")]
