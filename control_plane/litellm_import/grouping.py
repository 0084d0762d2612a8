"""Models out of deployments: those of one name are the targets of one Model, by their shares of the traffic."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from control_plane.litellm_import.authentication import IDENTITIES
from control_plane.litellm_import.deployment import Deployment
from control_plane.litellm_import.entry import Json
from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.prices import is_free
from control_plane.litellm_import.resource_name import ResourceNames
from control_plane.litellm_import.weight import shares, whole_weights

MAX_TARGETS = 32  # of a version
MAX_VERSIONS = 32
MAX_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Provider:
    """`tenant`: empty where it is that of everything else."""

    name: str
    spec: Mapping[str, Json]
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """An entry of the catalog, which lies where its Provider does."""

    name: str
    provider: Provider
    spec: Mapping[str, Json]


@dataclass(slots=True)
class Model:
    """`name`: of the resource. `first_byte` and `idle`: seconds, where its deployments have timeouts."""

    name: str
    group: str
    versions: list[Json]
    aliases: list[str] = field(default_factory=list)
    first_byte: int | None = None
    idle: int | None = None


def group_providers(deployments: Iterable[Deployment]) -> dict[str, Provider]:
    """A Provider for each address with each credential, by its spec as JSON."""
    found: dict[str, Provider] = {}
    names, taken = ResourceNames(), set[str]()
    for each in deployments:
        if each.provider in found:
            continue
        number, wanted = 1, each.hint
        while wanted in taken:
            number += 1
            wanted = f"{each.hint}-{number}"
        taken.add(wanted)
        spec = json.loads(each.provider)
        tenant = "platform" if spec["auth"]["type"] in IDENTITIES else ""
        found[each.provider] = Provider(names.name(wanted.replace("_", "-")), spec, tenant)
    return found


def group_prices(
    deployments: Iterable[Deployment], providers: Mapping[str, Provider], findings: list[Finding]
) -> list[Price]:
    """An entry of the catalog for each model of a Provider that has prices of its own."""
    found: dict[tuple[str, str], Deployment] = {}
    for each in deployments:
        if each.prices and each.model:
            first = found.setdefault((each.provider, each.model), each)
            if first.prices != each.prices:
                reason = "another deployment of the same model at the same Provider has other prices"
                findings.append(Finding(each.path, "NotMapped", reason, "its own are left out: say which ones hold"))
    names = ResourceNames()
    made = []
    for (key, model), each in found.items():
        provider, prices = providers[key], dict(each.prices)
        spec: dict[str, Json] = {"model": {"value": model}, "providerRefs": [{"name": provider.name}]}
        spec |= {"pricing": "Free"} if is_free(prices) else {"pricing": "Own", "prices": [{"perMillionTokens": prices}]}
        made.append(Price(names.name(f"{provider.name}-{model}"), provider, spec))
    return made


def group_models(
    deployments: Iterable[Deployment], providers: Mapping[str, Provider], findings: list[Finding]
) -> dict[str, Model]:
    """By the name that clients write."""
    groups: dict[str, list[Deployment]] = {}
    for each in deployments:
        if each.model:
            groups.setdefault(each.group, []).append(each)
    names = ResourceNames()
    names.reserve(groups)
    return {group: _model(names.name(group), members, providers, findings) for group, members in groups.items()}


def _model(
    name: str, members: Sequence[Deployment], providers: Mapping[str, Provider], findings: list[Finding]
) -> Model:
    kept = members[: MAX_TARGETS * MAX_VERSIONS]
    for left in members[len(kept) :]:
        reason = f"a Model has at most {MAX_TARGETS * MAX_VERSIONS} targets"
        findings.append(Finding(left.path, "NotMapped", reason, "make several Models"))
    weights = _weights(kept, findings)
    merged: dict[tuple[str, str], float] = {}
    for each, weight in zip(kept, weights, strict=True):
        key = each.provider, each.model
        merged[key] = merged.get(key, 0.0) + weight
    targets = [
        _target(providers[provider], model, weight)
        for (provider, model), weight in zip(merged, whole_weights(list(merged.values())), strict=True)
    ]
    found = Model(name, members[0].group, _versions(targets))
    _take_timeouts(found, members, findings)
    return found


def _weights(members: Sequence[Deployment], findings: list[Finding]) -> list[float]:
    """Only deployments of the lowest order get traffic, as with LiteLLM while these can serve."""
    found = shares([each.weight for each in members], [each.rpm for each in members], [each.tpm for each in members])
    _say_of_rates(members, findings)
    first = min((each.order for each in members if each.order is not None), default=None)
    if first is None:
        return found
    for index, each in enumerate(members):
        if each.order != first:
            found[index] = 0.0
            reason = "a target of a lower rank is not asked where others cannot serve; its weight is 0"
            findings.append(Finding(f"{each.path}.order", "NotMapped", reason, "give it a weight to have it share"))
    return found if any(found) else [1.0 if each.order == first else 0.0 for each in members]


def _say_of_rates(members: Sequence[Deployment], findings: list[Finding]) -> None:
    """Rates tell shares where no weight does."""
    tell = len(members) > 1 and not any(each.weight for each in members)
    advice = "keep the provider's own limits"
    for each in members:
        for key, value in (("rpm", each.rpm), ("tpm", each.tpm)):
            if value is None:
                continue
            path = f"{each.path}.{key}"
            if tell and (key == "rpm" or not any(other.rpm for other in members)):
                reason = "it tells shares of the traffic, as with LiteLLM; it limits nothing"
                findings.append(Finding(path, "Changed", reason, advice))
            else:
                findings.append(Finding(path, "NotMapped", "there are no limits yet", advice))


def _target(provider: Provider, model: str, weight: int) -> Json:
    ref = {"name": provider.name, **({"tenant": provider.tenant} if provider.tenant else {})}
    return {"providerRef": ref, "model": model, **({"weight": weight} if weight != 1 else {})}


def _versions(targets: list[Json]) -> list[Json]:
    """One version, or as many as the targets need, each with the weight of its targets."""
    parts = [targets[start : start + MAX_TARGETS] for start in range(0, len(targets), MAX_TARGETS)]
    if len(parts) == 1:
        return [{"name": "v1", "targets": targets}]
    sums = [float(sum(_weight(each) for each in part)) for part in parts]
    return [
        {"name": f"v{number}", "weight": weight, "targets": part if total else [_even(each) for each in part]}
        for number, (part, total, weight) in enumerate(zip(parts, sums, whole_weights(sums), strict=True), start=1)
    ]


def _weight(target: Json) -> int:
    assert isinstance(target, dict)
    return int(target.get("weight", 1))


def _even(target: Json) -> Json:
    """Of a version that gets no traffic by itself."""
    assert isinstance(target, dict)
    return {name: value for name, value in target.items() if name != "weight"}


def _take_timeouts(model: Model, members: Sequence[Deployment], findings: list[Finding]) -> None:
    """A TimeoutPolicy reaches a Model as a whole: the longest of its deployments'."""
    timeouts = [each.timeout for each in members if each.timeout is not None]
    streams = [each.stream_timeout for each in members if each.stream_timeout is not None]
    for each in members:
        if (each.timeout is not None and each.timeout != max(timeouts)) or (timeouts and each.timeout is None):
            reason = "timeouts reach a Model as a whole: the longest of its deployments counts"
            findings.append(Finding(f"{each.path}.timeout", "Changed", reason, "make several Models if it matters"))
    model.first_byte = seconds(max(timeouts, default=None))
    model.idle = seconds(max(streams or timeouts, default=None))


def seconds(given: float | None) -> int | None:
    """Whole seconds that a policy takes."""
    return None if given is None or given <= 0 else min(max(1, ceil(given)), MAX_SECONDS)
