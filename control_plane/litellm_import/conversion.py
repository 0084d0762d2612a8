"""A LiteLLM configuration as resources, with everything listed that they do not say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config_schemas.base import API_VERSION
from control_plane.litellm_import.deployment import Deployment, read_deployment
from control_plane.litellm_import.entry import Entry, Explanation, Json
from control_plane.litellm_import.explanation import EXTENSION, GENERAL, LITELLM, ROUTER, TOP, explain
from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.grouping import (
    Model,
    Price,
    Provider,
    group_models,
    group_prices,
    group_providers,
    seconds,
)
from control_plane.litellm_import.model_name import MAX_CHARACTERS, TAKEN
from control_plane.litellm_import.resource_name import ResourceNames
from control_plane.litellm_import.values import SecretPart, Values
from control_plane.litellm_import.wildcard import expand

Document = dict[str, Json]
LABELS = {"isthmus.dev/made-by": "import-litellm"}
MAX_ALIASES = 32
ROUTE = "litellm"
DRAWN_BY_WEIGHT = "simple-shuffle"  # LiteLLM's default, which is what targets are here
UNUSED_VARIABLE = Explanation("NotNeeded", "LiteLLM sets it for its own process", "set it where it is needed")


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the resources shall lie. `gateway`: empty is every gateway of the tenant. `models`: names that clients use
    and that the configuration has by wildcard only.
    """

    tenant: str = "default"
    gateway: str = ""
    route_path: str = "/"
    models: tuple[str, ...] = ()


@dataclass(slots=True)
class Converted:
    """`documents` refer to `secrets`, whose values may be missing."""

    documents: list[Document] = field(default_factory=list)
    secrets: dict[str, dict[str, SecretPart]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    wish: Wish = field(default_factory=Wish)


def convert(
    config: Mapping[str, Json], wish: Wish, environment: Mapping[str, str], findings: list[Finding]
) -> Converted:
    """`environment`: what may be taken from it; empty if nothing may. `findings`: of what has been read already."""
    top = Entry(config, "", findings)
    declared = top.entry("environment_variables")
    values = Values(_declared(declared), environment, findings)
    credentials = _credentials(top)
    deployments = [
        found
        for entry in top.entries("model_list")
        if (found := read_deployment(entry, values, credentials)) is not None
    ]
    deployments += expand(deployments, wish.models, findings)
    providers = group_providers(deployments)
    models = group_models(deployments, providers, findings)
    prices = group_prices(deployments, providers, findings)
    settings = _settings(top)
    _name_aliases(settings.aliases, models, findings)
    _list_parameter_drops(deployments, settings.drops_parameters, findings)
    for name in declared.keys:
        if name not in values.used:
            declared.say(name, UNUSED_VARIABLE.weight, UNUSED_VARIABLE.reason, UNUSED_VARIABLE.advice)
    _list_sections(top)
    made = Converted(secrets=values.secrets, findings=findings, wish=wish)
    made.documents = list(_documents(wish, providers, prices, models, settings))
    return made


@dataclass(slots=True)
class _Settings:
    drops_parameters: bool = False
    first_byte: int | None = None
    idle: int | None = None
    aliases: list[tuple[str, str, str]] = field(default_factory=list)  # the alias, the model's name, the path


def _declared(entry: Entry) -> dict[str, str]:
    found = {}
    for name in entry.keys:
        text = entry.text(name) if entry.has(name) else None
        if text is not None:
            found[name] = text
    return found


def _credentials(top: Entry) -> dict[str, Mapping[str, Json]]:
    found: dict[str, Mapping[str, Json]] = {}
    for entry in top.entries("credential_list"):
        name = entry.text("credential_name")
        values = entry.take("credential_values")
        if name is not None and isinstance(values, dict):
            found[name] = values
        else:
            entry.say(
                "credential_values", "NotMapped", "a credential needs a name and a mapping of values", "write both"
            )
        if entry.has("credential_info"):
            entry.say("credential_info", "NotNeeded", "it informs, and changes no request")
        entry.list_rest(lambda key: explain({}, key))
    return found


def _settings(top: Entry) -> _Settings:
    found = _Settings()
    litellm, router, general = (top.entry(f"{name}_settings") for name in ("litellm", "router", "general"))
    found.drops_parameters = litellm.flag("drop_params") is True
    router_timeout, router_stream = router.number("timeout"), router.number("stream_timeout")
    timeout = litellm.number("request_timeout")
    found.first_byte = seconds(router_timeout if router_timeout is not None else timeout)
    found.idle = seconds(router_stream) or found.first_byte
    if router.peek("routing_strategy") == DRAWN_BY_WEIGHT:
        router.take("routing_strategy")
    for entry in (router, litellm):
        aliases = entry.entry("model_group_alias")
        for alias in aliases.keys:
            target = _alias_target(aliases, alias)
            if target is not None:
                found.aliases.append((alias, target, aliases.place(alias)))
    litellm.list_rest(lambda key: explain(LITELLM, key))
    router.list_rest(lambda key: explain(ROUTER, key))
    general.list_rest(lambda key: explain(GENERAL, key))
    return found


def _alias_target(aliases: Entry, alias: str) -> str | None:
    """A name, or a mapping with one."""
    if not isinstance(aliases.take(alias), dict):
        return aliases.text(alias)
    entry = aliases.entry(alias)
    target = entry.text("model")
    if entry.flag("hidden"):
        entry.say("hidden", "Changed", "a list of models shows every alias that may be used", "leave it out")
    entry.list_rest(lambda key: explain({}, key))
    if target is None:
        entry.say("model", "NotMapped", "an alias needs the name of a model", "write one")
    return target


def _name_aliases(aliases: list[tuple[str, str, str]], models: Mapping[str, Model], findings: list[Finding]) -> None:
    taken = set(models)
    for alias, target, path in aliases:
        model, reason = models.get(target), ""
        if model is None:
            reason = "no Model that was made has the name that it stands for"
        elif alias in taken:
            reason = "this name is another Model's or alias's, and only one may have it"
        elif len(alias) > MAX_CHARACTERS or not TAKEN.fullmatch(alias):
            reason = f"a name has up to {MAX_CHARACTERS} letters, digits and `-._:/@`"
        elif len(model.aliases) >= MAX_ALIASES:
            reason = f"a Model has at most {MAX_ALIASES} aliases"
        if model is None or reason:
            findings.append(Finding(path, "NotMapped", reason, "write a Model for it"))
            continue
        taken.add(alias)
        model.aliases.append(alias)


def _list_parameter_drops(deployments: list[Deployment], is_on: bool, findings: list[Finding]) -> None:
    for each in deployments:
        if each.drop_params is not None and each.drop_params != is_on:
            reason = "what has no equivalent is left out by Route, not by deployment"
            advice = "put the Model on a Route of its own, with `models.lossy` as you want it"
            findings.append(Finding(f"{each.path}.drop_params", "NotMapped", reason, advice))


def _list_sections(top: Entry) -> None:
    """What is left; the parts of what LiteLLM knows each by itself, so that none is overlooked."""
    for name, found in TOP.items():
        if isinstance(top.peek(name), dict):
            top.entry(name).list_rest(lambda key, found=found: found)  # type: ignore[misc]  # bound at once
    top.list_rest(lambda key: EXTENSION if key.startswith(("x-", ".", "_")) else explain(TOP, key))


def _documents(
    wish: Wish, providers: Mapping[str, Provider], prices: list[Price], models: Mapping[str, Model], settings: _Settings
) -> Iterator[Document]:
    """In the order in which they refer to each other."""

    def document(kind: str, name: str, spec: Mapping[str, Json], tenant: str = "") -> Document:
        metadata = {"name": name, "tenant": tenant or wish.tenant, "labels": dict(LABELS)}
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": dict(spec)}

    for provider in providers.values():
        yield document("Provider", provider.name, provider.spec, provider.tenant)
    for price in prices:
        yield document("CatalogEntry", price.name, price.spec, price.provider.tenant)
    for model in models.values():
        spec: Document = {"modelName": model.group} if model.group != model.name else {}
        if model.aliases:
            spec["aliases"] = model.aliases
        yield document("Model", model.name, {**spec, "versions": model.versions})
    if models:
        yield document("Route", ROUTE, _route(wish, settings))
    yield from (document("TimeoutPolicy", name, spec) for name, spec in _timeouts(models, settings))


def _route(wish: Wish, settings: _Settings) -> Document:
    spec: Document = {"gatewayRefs": [{"name": wish.gateway}]} if wish.gateway else {}
    spec["matches"] = [{"path": {"type": "Prefix", "value": wish.route_path}}]
    offered: Document = {"matchLabels": dict(LABELS)}
    if settings.drops_parameters:
        offered["lossy"] = "Allow"
    spec["models"] = offered
    return spec


def _timeouts(models: Mapping[str, Model], settings: _Settings) -> Iterator[tuple[str, Document]]:
    """One for all Models, and narrower ones for those with timeouts of their own."""
    if models and settings.first_byte is not None:
        selector = {"kind": "Model", "matchLabels": dict(LABELS)}
        yield "litellm", {"selector": selector, **_limits(settings.first_byte, settings.idle)}
    names = ResourceNames()
    for model in models.values():
        if model.first_byte is None and model.idle is None:
            continue
        limits = _limits(model.first_byte or settings.first_byte, model.idle or settings.idle)
        target = {"kind": "Model", "name": model.name}
        yield names.name(f"litellm-{model.name}"), {"targetRefs": [target], "priority": 1, **limits}


def _limits(first_byte: int | None, idle: int | None) -> Document:
    found = {"firstByteSeconds": first_byte, "idleSeconds": idle}
    return {name: value for name, value in found.items() if value is not None}
