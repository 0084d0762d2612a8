"""Address policies from resources to who is admitted."""

from pytest import mark, param

from data_plane.exchange import Request
from tests.fakes.addresses import HOME, OFFICE, PROXY, TRUSTING, ask, policy, shop
from tests.fakes.gateway import Gateway, basic, post, request, resource


@mark.parametrize(
    "policies, address, code",
    [
        param([], HOME, "", id="no policy"),
        param([policy("p", "Route", "shop", allow=[OFFICE])], OFFICE, "", id="allowed"),
        param([policy("p", "Route", "shop", allow=[OFFICE])], HOME, "address_not_allowed", id="not allowed"),
        param([policy("p", "Route", "shop", allow=["::/0", "0.0.0.0/0"])], "", "address_not_allowed", id="no address"),
        param([policy("p", "Route", "shop", deny=[OFFICE])], HOME, "", id="not denied"),
        param([policy("p", "Route", "shop", deny=[OFFICE])], OFFICE, "address_not_allowed", id="denied"),
        param([policy("p", "Route", "shop", deny=[OFFICE])], "", "", id="no address is not denied"),
        param(
            [policy("p", "Route", "shop", allow=["192.0.2.0/24"], deny=[OFFICE])],
            OFFICE,
            "address_not_allowed",
            id="deny beats allow",
        ),
        param(
            [
                policy("p", "Gateway", "edge", tenant="platform", deny=[OFFICE]),
                policy("q", "Route", "shop", allow=[OFFICE]),
            ],
            OFFICE,
            "address_not_allowed",
            id="a tenant cannot widen what the platform denies",
        ),
        param(
            [
                policy("p", "Gateway", "edge", tenant="platform", allow=[HOME]),
                policy("q", "Route", "shop", allow=[OFFICE]),
            ],
            OFFICE,
            "address_not_allowed",
            id="a tenant cannot widen what the platform allows",
        ),
        param(
            [policy("p", "Tenant", "default", allow=["192.0.2.0/24"]), policy("q", "Route", "shop", allow=[OFFICE])],
            "192.0.2.2",
            "address_not_allowed",
            id="a route narrows its tenant",
        ),
        param(
            [policy("p", "Tenant", "default", allow=["192.0.2.0/24"]), policy("q", "Route", "shop", allow=[OFFICE])],
            OFFICE,
            "",
            id="both admit",
        ),
        param([policy("p", "Service", "shop", deny=[OFFICE])], OFFICE, "address_not_allowed", id="service"),
        param([policy("p", "Route", "other", deny=[OFFICE])], OFFICE, "", id="another route's"),
        param(
            [policy("p", "Route", "shop", deny=["::ffff:192.0.2.0/120"])], OFFICE, "address_not_allowed", id="mapped"
        ),
        param([policy("p", "Route", "shop", allow=["2001:db8::/32"])], "2001:db8::7", "", id="IPv6"),
    ],
)
def test_all_policies_must_admit_a_client(policies: list[tuple[str, bytes]], address: str, code: str) -> None:
    gateway = Gateway(shop() | dict(policies))

    assert ask(gateway, request("GET", "/shop"), address).code == code
    assert gateway.metrics.address_refused[("policy",)].value == bool(code)


@mark.parametrize("kind, name", [("Credential", "key"), ("Application", "app"), ("Model", "gpt"), ("Route", "models")])
def test_a_key_is_of_use_only_from_where_it_may_be_used(kind: str, name: str) -> None:
    gateway = Gateway(basic() | dict([policy("p", kind, name, allow=[OFFICE])]))

    assert ask(gateway, post(), OFFICE).code == ""
    assert ask(gateway, post(), HOME).code == "address_not_allowed"
    listing = ask(gateway, request("GET", "/v1/models"), HOME)
    assert listing.code == ("" if kind == "Model" else "address_not_allowed")
    assert ask(gateway, request("GET", "/v1/models"), OFFICE).response is not None


@mark.parametrize(
    "kind, name, code", [("Tenant", "default", "address_not_allowed"), ("Credential", "key", "unauthenticated")]
)
def test_policies_of_the_way_in_come_before_authentication(kind: str, name: str, code: str) -> None:
    gateway = Gateway(basic() | dict([policy("p", kind, name, deny=[HOME])]))

    assert ask(gateway, post(authorization="Bearer wrong"), HOME).code == code


@mark.parametrize("path", ["/nowhere", "/v1/nothing", "/v1/models", "/shop"])
def test_a_gateway_s_policy_refuses_whatever_is_asked_for(path: str) -> None:
    gateway = Gateway(shop() | dict([policy("p", "Gateway", "edge", tenant="platform", deny=[HOME])]))

    assert ask(gateway, request("GET", path), HOME).code == "address_not_allowed"


def test_the_address_that_counts_is_the_client_s() -> None:
    gateway = Gateway(shop() | dict([TRUSTING, policy("p", "Route", "shop", allow=[OFFICE])]))

    assert ask(gateway, request("GET", "/shop", x_forwarded_for=OFFICE), PROXY).code == ""
    assert (
        ask(gateway, request("GET", "/shop", x_forwarded_for=f"{OFFICE}, {HOME}"), PROXY).code == "address_not_allowed"
    )
    assert ask(gateway, request("GET", "/shop", x_forwarded_for=OFFICE), HOME).code == "address_not_allowed"


@mark.parametrize("kind, name", [("Route", "models"), ("Application", "app")])
def test_a_shadow_policy_counts_what_it_would_refuse_and_refuses_nothing(kind: str, name: str) -> None:
    gateway = Gateway(basic() | dict([policy("p", kind, name, allow=[OFFICE], mode="Shadow")]))

    assert [ask(gateway, post(), address).code for address in (OFFICE, HOME, HOME)] == ["", "", ""]
    assert gateway.metrics.shadowed[("default/AddressPolicy/p",)].value == 2
    assert not gateway.metrics.address_refused


@mark.parametrize("asked", [post(), request("GET", "/v1/models")], ids=["model", "list"])
def test_a_policy_that_reaches_in_two_ways_decides_once(asked: Request) -> None:
    both = [{"kind": "Route", "name": "models"}, {"kind": "Application", "name": "app"}]
    spec = {"targetRefs": both, "allow": [OFFICE], "mode": "Shadow"}
    gateway = Gateway(basic() | dict([resource("AddressPolicy", "p", spec)]))

    ask(gateway, asked, HOME)

    assert gateway.metrics.shadowed[("default/AddressPolicy/p",)].value == 1


def test_a_refusal_names_no_policy_and_no_network() -> None:
    gateway = Gateway(shop() | dict([policy("secret-office", "Route", "shop", allow=[OFFICE])]))

    error = ask(gateway, request("GET", "/shop"), HOME).error

    assert error is not None
    assert error.status == 403
    assert error.message == "requests from this address are not allowed"
