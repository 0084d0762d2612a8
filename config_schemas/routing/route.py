"""Route: which requests go to which models or Service, and how callers prove themselves."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import HeaderName, HeaderValue, HostName, Labels, Model, Reference, Resource, Text
from config_schemas.routing.answer import Redirect, StaticAnswer
from config_schemas.routing.rewrite import PLACEHOLDER, PathRewrite, QueryName, Rewrite
from config_schemas.routing.upgrade import Upgrade

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ClientApi = Literal["OpenAI", "Anthropic", "Gemini", "Cohere"]
PathValue = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@%/{}]*$", max_length=1024)]


class PathMatch(Model):
    """How a path is compared. `Template`: segments in braces match any one segment, as in `/users/{id}`."""

    type: Literal["Exact", "Prefix", "Template"] = "Prefix"
    value: PathValue = "/"


class ValueMatch(Model):
    """A query parameter that must have exactly this value."""

    name: QueryName
    value: HeaderValue


class HeaderMatch(Model):
    """A header that must have exactly this value."""

    name: HeaderName
    value: HeaderValue


class RouteMatch(Model):
    """Conditions that must all hold. No methods: any method; `GET` takes `HEAD` too."""

    path: PathMatch = PathMatch()
    methods: Annotated[tuple[Method, ...], Field(max_length=7)] = ()
    headers: Annotated[tuple[HeaderMatch, ...], Field(max_length=8)] = ()
    query: Annotated[tuple[ValueMatch, ...], Field(max_length=8)] = ()


class Authentication(Model):
    """How callers prove themselves, tried in order. `Anonymous` lets in who brings no credential.

    `keyInQuery: Allow` also takes an API key from `?key=`, which proxies and browsers may log.
    """

    methods: Annotated[tuple[Literal["ApiKey", "Anonymous"], ...], Field(min_length=1, max_length=2)] = ("ApiKey",)
    key_in_query: Literal["Refuse", "Allow"] = "Refuse"


class ModelTargets(Model):
    """Models by name or by label, reached over the given client APIs under the route's path.

    Where a model's provider speaks another API, requests are translated. `lossy: Allow` leaves out what has no
    equivalent there, and says so in `x-isthmus-warnings`; else such requests are refused.
    `costHeader: Show` tells in `x-isthmus-cost` what an answer has cost that is no stream, in USD, where it is known.
    """

    refs: Annotated[tuple[Reference, ...], Field(max_length=256)] = ()
    match_labels: Labels | None = None
    client_apis: Annotated[tuple[ClientApi, ...], Field(min_length=1, max_length=4)] = (
        "OpenAI",
        "Anthropic",
        "Gemini",
        "Cohere",
    )
    lossy: Literal["Refuse", "Allow"] = "Refuse"
    cost_header: Literal["Hide", "Show"] = "Hide"

    @model_validator(mode="after")
    def _has_models(self) -> Self:
        if not self.refs and self.match_labels is None:
            raise ValueError("`refs` or `matchLabels` is required; `matchLabels: {}` selects every model of the tenant")
        return self


class RouteSpec(Model):
    """Exactly one of `models`, `serviceRef`, `providerRef`, `redirect` and `respond`, which says where requests go.

    `providerRef`: to all of a Provider's own API; what stands behind the prefix in the path goes below its base URL,
    with its credential in the place of the caller's.

    Of several routes that match, the most specific wins; ties are refused. `rewrite` and `upgrades` need `serviceRef`.
    What is under way when its credential is revoked or the route goes: upgraded connections are closed; answers end as
    ever, or are cut off with `onRevocation: Cut`.
    """

    gateway_refs: Annotated[tuple[Reference, ...], Field(max_length=16)] = ()  # none: every gateway of the tenant
    hostnames: Annotated[tuple[HostName, ...], Field(max_length=16)] = ()
    matches: Annotated[tuple[RouteMatch, ...], Field(min_length=1, max_length=16)] = (RouteMatch(),)
    authentication: Authentication = Authentication()
    models: ModelTargets | None = None
    service_ref: Reference | None = None
    provider_ref: Reference | None = None
    redirect: Redirect | None = None
    respond: StaticAnswer | None = None
    rewrite: Rewrite | None = None
    upgrades: Annotated[tuple[Upgrade, ...], Field(max_length=8)] = ()
    on_revocation: Literal["Finish", "Cut"] = "Finish"
    description: Text = ""

    @model_validator(mode="after")
    def _has_one_destination(self) -> Self:
        destinations = [self.models, self.service_ref, self.provider_ref, self.redirect, self.respond]
        if destinations.count(None) != len(destinations) - 1:
            raise ValueError(
                "exactly one of `models`, `serviceRef`, `providerRef`, `redirect` and `respond` is required"
            )
        if self.rewrite is not None and self.service_ref is None:
            raise ValueError("`rewrite` needs `serviceRef`")
        if self.upgrades and self.service_ref is None:
            raise ValueError("`upgrades` needs `serviceRef`")
        if self.provider_ref is not None and any(each.path.type != "Prefix" for each in self.matches):
            raise ValueError("`providerRef` needs `type: Prefix` in the path of every match")
        protocols = [each.protocol for each in self.upgrades]
        if len(set(protocols)) < len(protocols):
            raise ValueError("`upgrades` may name a protocol once")
        return self

    @model_validator(mode="after")
    def _can_change_each_matched_path(self) -> Self:
        for field, change in (("rewrite", self.rewrite), ("redirect", self.redirect)):
            if change is not None and change.path is not None:
                self._check_path(f"{field}.path", change.path)
        return self

    def _check_path(self, field: str, path: PathRewrite) -> None:
        needed = {"ReplacePrefix": "Prefix", "Template": "Template"}.get(path.type)
        wanted = set(PLACEHOLDER.findall(path.value)) if path.type == "Template" else set()
        for match in self.matches:
            if needed is not None and match.path.type != needed:
                raise ValueError(f"`{field}.type: {path.type}` needs `type: {needed}` in the path of every match")
            missing = sorted(wanted - set(match.path.value.split("/")))
            if missing:
                raise ValueError(f"`{field}.value` has {missing[0]}, which '{match.path.value}' does not")


class Route(Resource):
    """Where requests are matched and where they go."""

    KIND: ClassVar[str] = "Route"
    PLURAL: ClassVar[str] = "routes"

    kind: Literal["Route"] = "Route"
    spec: RouteSpec
