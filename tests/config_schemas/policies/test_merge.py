"""Which policies reach a request, which win, and why."""

from dataclasses import replace
from itertools import pairwise

from pytest import mark, param

from config_schemas.policies.header import HeaderPolicy
from config_schemas.policies.merge import (
    SCOPES,
    Part,
    PolicyView,
    Target,
    Verdict,
    explain,
    index_by_tenant,
    reaching,
)
from config_schemas.policies.policy import Merge, TargetKind

PARTS = (
    Part("Credential", "default", "key", {"stage": "prod"}),
    Part("Application", "default", "app"),
    Part("Team", "default", "team"),
    Part("Route", "default", "route", {"public": "yes"}),
    Part("Model", "default", "model", section="v2"),
    Part("Service", "default", "service"),
    Part("Tenant", "default", "default", {"plan": "gold"}),
    Part("Gateway", "platform", "edge"),
)
NAMES: dict[TargetKind, str] = {part.kind: part.name for part in PARTS}


def policy(name: str, target: TargetKind, *, tenant: str = "default", section: str | None = None) -> PolicyView:
    path = f"{tenant}/HeaderPolicy/{name}"
    return PolicyView(path, "HeaderPolicy", tenant, name, (Target(target, NAMES[target], section),), None)


def selecting(name: str, target: TargetKind, tenant: str = "default", **labels: str) -> PolicyView:
    path = f"{tenant}/HeaderPolicy/{name}"
    return PolicyView(path, "HeaderPolicy", tenant, name, (), (target, tuple(labels.items())))


def judge(*policies: PolicyView, merge: Merge = "Override") -> list[Verdict]:
    return list(explain(policies, PARTS, {"HeaderPolicy": merge}))


def effective(*policies: PolicyView, merge: Merge = "Override") -> list[str]:
    return [verdict.policy.name for verdict in judge(*policies, merge=merge) if verdict.is_effective]


@mark.parametrize("narrow, wide", list(pairwise(SCOPES)))
def test_the_narrower_part_wins(narrow: TargetKind, wide: TargetKind) -> None:
    policies = [
        replace(policy("wide", wide, tenant="platform"), priority=9),
        policy("narrow", narrow, tenant="platform"),
    ]

    won, lost = judge(*policies)

    assert (won.policy.name, won.is_effective) == ("narrow", True)
    assert (lost.lost_to, lost.reason) == ("platform/HeaderPolicy/narrow", f"{narrow} is narrower than {wide}")


ROUTE = policy("b", "Route")


@mark.parametrize(
    "winner, loser, reason",
    [
        param(
            replace(policy("z", "Gateway", tenant="platform"), is_locked=True),
            policy("a", "Credential"),
            "the platform has locked the other one",
            id="locked",
        ),
        param(
            policy("z", "Model", section="v2"),
            policy("a", "Model"),
            "a section is narrower than the whole Model",
            id="section",
        ),
        param(
            replace(ROUTE, priority=2),
            replace(policy("a", "Route"), priority=1),
            "priority 2 is higher than 1",
            id="priority",
        ),
        param(
            replace(ROUTE, created="2026-01-01T00:00:00"),
            replace(policy("a", "Route"), created="2026-01-01T00:00:00.5"),
            "the other one is older",
            id="age",
        ),
        param(ROUTE, policy("c", "Route"), "the other one comes first by name", id="name"),
    ],
)
def test_ties_are_broken_rule_by_rule(winner: PolicyView, loser: PolicyView, reason: str) -> None:
    won, lost = judge(loser, winner)

    assert won.policy == winner
    assert won.is_effective
    assert (lost.lost_to, lost.reason) == (winner.path, reason)


def test_all_policies_of_an_accumulating_kind_apply() -> None:
    policies = [policy("a", "Gateway", tenant="platform"), policy("b", "Credential"), policy("c", "Route")]

    assert effective(*policies, merge="Accumulate") == ["b", "c", "a"]


def test_a_policy_that_reaches_in_several_ways_counts_once_and_by_the_narrowest() -> None:
    both = replace(policy("a", "Tenant"), targets=(Target("Tenant", "default"), Target("Application", "app")))

    (verdict,) = judge(both)

    assert verdict.through == "Application"


@mark.parametrize(
    "view, reaches",
    [
        param(policy("a", "Route", tenant="other"), False, id="another tenant's, by name"),
        param(selecting("a", "Route", tenant="other"), False, id="another tenant's, by selector"),
        param(policy("a", "Gateway"), False, id="a tenant's on the platform's gateway"),
        param(selecting("a", "Gateway"), False, id="a tenant's on all gateways"),
        param(policy("a", "Tenant"), True, id="a tenant's on itself"),
        param(policy("a", "Route", tenant="platform"), True, id="the platform's on a tenant's route"),
        param(selecting("a", "Route", tenant="platform"), True, id="the platform's on all routes"),
        param(selecting("a", "Route", public="yes"), True, id="labels match"),
        param(selecting("a", "Route", public="no"), False, id="labels do not match"),
        param(selecting("a", "Tenant", tenant="platform", plan="gold"), True, id="a tenant's labels"),
        param(policy("a", "Model", section="v2"), True, id="this version"),
        param(policy("a", "Model", section="v1"), False, id="another version"),
    ],
)
def test_a_policy_reaches_what_it_targets_and_no_other_tenant(view: PolicyView, reaches: bool) -> None:
    assert bool(reaching(index_by_tenant([view]), PARTS)) == reaches


def test_a_shadow_policy_is_never_effective_but_shown() -> None:
    shadow = replace(policy("shadow", "Credential"), is_shadow=True)
    hidden = replace(policy("hidden", "Gateway", tenant="platform"), is_shadow=True)

    verdicts = {verdict.policy.name: verdict for verdict in judge(shadow, hidden, policy("real", "Route"))}

    assert verdicts["real"].is_effective
    assert (verdicts["shadow"].is_effective, verdicts["shadow"].reason) == (False, "shadow: it would win")
    assert verdicts["hidden"].lost_to == "default/HeaderPolicy/real"
    assert verdicts["hidden"].reason.startswith("shadow: ")


def test_shadow_policies_of_an_accumulating_kind_do_not_apply() -> None:
    assert effective(replace(policy("a", "Route"), is_shadow=True), merge="Accumulate") == []


@mark.parametrize("tenant, is_locked", [("platform", True), ("default", False)])
def test_only_the_platform_can_lock(tenant: str, is_locked: bool) -> None:
    resource = HeaderPolicy.model_validate(
        {
            "metadata": {"name": "a", "tenant": tenant, "createdAt": "2026-01-01T00:00:00Z"},
            "spec": {
                "selector": {"kind": "Route"},
                "locked": "Locked",
                "mode": "Shadow",
                "request": {"remove": ("x-a",)},
            },
        }
    )

    view = PolicyView.of(resource)

    assert view == PolicyView(
        f"{tenant}/HeaderPolicy/a",
        "HeaderPolicy",
        tenant,
        "a",
        (),
        ("Route", ()),
        0,
        "2026-01-01T00:00:00",
        is_locked,
        True,
    )
