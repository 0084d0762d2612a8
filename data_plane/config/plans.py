"""The plans of one revision, made when they are first needed.

A request begins with its route's entry plan, which finds out who calls and for which model. Then the plan for (route,
model, caller's policies) goes on, with the filters of the policies in force and the way to the upstream.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, assert_never

from data_plane.codecs.model_list import ModelEntry
from data_plane.config import rest_route, structs
from data_plane.config.keeping import find_keepers, version_of
from data_plane.config.local_count import COUNTING, count_filters
from data_plane.config.passthrough import native_version
from data_plane.config.policy_table import PolicyTable
from data_plane.config.route_unit import CompiledRoute
from data_plane.errors import GatewayError, MethodNotAllowed, NotFound, NotProgrammed
from data_plane.exchange import Exchange, Request
from data_plane.filters.authenticate import AuthenticateFilter
from data_plane.filters.batch_file import BatchFileFilter
from data_plane.filters.cors import CorsFilter, PreflightFilter
from data_plane.filters.cost import CostFilter
from data_plane.filters.cost_header import CostHeaderFilter
from data_plane.filters.form_model import FormModelFilter
from data_plane.filters.inflate import InflateFilter
from data_plane.filters.kept import KeptFilter
from data_plane.filters.measure import MeasureFilter
from data_plane.filters.model import ModelFilter
from data_plane.filters.models_list import ModelsListFilter
from data_plane.filters.order import in_order
from data_plane.filters.record import RecordFilter
from data_plane.filters.refuse import RefuseFilter
from data_plane.filters.respond import RespondFilter
from data_plane.filters.seal import SealFilter
from data_plane.filters.settle import SettleFilter
from data_plane.filters.unseal import UnsealFilter
from data_plane.filters.upload import UploadFilter
from data_plane.filters.usage import UsageFilter
from data_plane.filters.watch import WatchFilter
from data_plane.identity.directory import Directory
from data_plane.identity.keepers import Keepers
from data_plane.identity.model_choice import ModelChoice
from data_plane.limits.byte_budget import ByteBudget
from data_plane.limits.per_address import RequestRates
from data_plane.llm.token_ratio import TokenRatios
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import Plan, compile_plan
from data_plane.pipeline.sides import Dispatcher
from data_plane.pipeline.watch import Watched
from data_plane.telemetry.record import Recorder
from data_plane.token_counter import TokenCounter
from data_plane.upstream.cluster import ModelVersion, ServiceTarget

OPTIONS = {"options": frozenset(("POST", "OPTIONS")), "models options": frozenset(("GET", "HEAD", "OPTIONS"))}
LIST = "models"  # in the place of a model's path
MAX_PLANS = 4096  # of one revision; beyond, they are made anew

Entrance = Literal[
    "rest", "model", "models", "options", "models options", "unknown", "coded model", "form", "kept", "upload"
]
Refusal = Literal["no_route", "not_programmed"]


class Dispatchers(Protocol):
    """Makes the way to an upstream. Connections and what is known of endpoints outlive it."""

    def for_model(
        self, versions: tuple[ModelVersion, ...], stickiness: structs.Stickiness | None, *, is_lossy: bool = False
    ) -> Dispatcher:
        """Chooses a version by weight, then a target. `is_lossy`: a translation may leave out fields."""

    def for_service(self, target: ServiceTarget) -> Dispatcher:
        """Chooses an endpoint."""

    def choose_version(
        self, versions: tuple[ModelVersion, ...], stickiness: structs.Stickiness | None, exchange: Exchange
    ) -> ModelVersion:
        """The version that `for_model` would choose."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What plans work with, and which outlives every revision. `wall_clock` gives seconds since 1970."""

    dispatchers: Dispatchers
    recorder: Recorder
    metrics: Metrics
    wall_clock: Callable[[], float]
    new_id: Callable[[], str]
    address_rates: RequestRates = field(default_factory=RequestRates)
    inflated: ByteBudget = field(default_factory=ByteBudget)
    open_tunnels: dict[str, int] = field(default_factory=dict)  # how many a route has
    watched: Watched = field(default_factory=Watched)
    counter: TokenCounter = field(default_factory=lambda: TokenCounter(TokenRatios()))


@dataclass(frozen=True, slots=True)
class Preflight:
    """How a browser's question is answered: for which route, and whether the page is told anything."""

    route: str
    plan: Plan
    allows: Callable[[Request], bool]


class Plans:
    """One revision's."""

    def __init__(self, tools: Tools, directory: Directory, policies: PolicyTable) -> None:
        self._tools = tools
        self._directory = directory
        self._policies = policies
        self._outer: tuple[Filter, ...] = (
            RecordFilter(tools.recorder),
            MeasureFilter(tools.metrics),
            *policies.gateway_filters(tools.address_rates),
        )
        self._entries: dict[tuple[str, Entrance, int], Plan] = {}
        self._full: dict[tuple[str, str, str, int], Plan] = {}
        self._refusals: dict[Refusal, Plan] = {}
        self._preflights: dict[str, Preflight | None] = {}
        self._wrong_methods: dict[tuple[str, frozenset[str], bool], Plan] = {}
        self._keepers: dict[str, Keepers | None] = {}

    def entry(self, route: CompiledRoute, entrance: Entrance, place: int = 0) -> Plan:
        """The plan with which a request on a route begins. `place`: of the match, where it matters."""
        key = (route.path, entrance, place)
        plan = self._entries.get(key)
        if plan is None:
            plan = self._entries[key] = self._make_entry(route, entrance, place)
        return plan

    def preflight(self, route: CompiledRoute | None) -> "Preflight | None":
        """How a browser's question about a route is answered, None as route: about what nothing takes.

        None: no policy of ours answers it.
        """
        key = route.path if route is not None else ""
        if key not in self._preflights:
            self._preflights[key] = self._make_preflight(route)
        return self._preflights[key]

    def refusal(self, refusal: Refusal) -> Plan:
        """The plan of what no route takes."""
        plan = self._refusals.get(refusal)
        if plan is None:
            error = no_route if refusal == "no_route" else not_programmed
            plan = self._refusals[refusal] = compile_plan(in_order((*self._outside(None), RefuseFilter(error))))
        return plan

    def wrong_method(self, route: CompiledRoute, allowed: frozenset[str], *, asks: bool) -> Plan:
        """The plan of what this route and others serve by other methods only: `asks` for these, or is refused."""
        key = (route.path, allowed, asks)
        plan = self._wrong_methods.get(key)
        if plan is None:
            named = allowed | {"OPTIONS"}
            last = _options(named) if asks else RefuseFilter(lambda: _wrong_method(named))
            plan = self._wrong_methods[key] = compile_plan(in_order((*self._outside(route), last)))
        return plan

    def _outside(self, route: CompiledRoute | None) -> tuple[Filter, ...]:
        """What every plan begins with: of a route, or of requests that none takes."""
        rules = self._policies.cors(route)
        cors = (CorsFilter(rules),) if rules is not None else ()
        return (*self._outer, *cors, *self._policies.entry_filters(route))

    def _make_preflight(self, route: CompiledRoute | None) -> "Preflight | None":
        rules = self._policies.cors(route)
        if rules is None:
            return None
        answers = PreflightFilter(rules)
        plan = compile_plan(in_order((*self._outer, *self._policies.entry_filters(route), answers)))
        return Preflight(route.full_name if route is not None else "", plan, answers.allows)

    def _make_entry(self, route: CompiledRoute, entrance: Entrance, place: int) -> Plan:
        authenticate = AuthenticateFilter(route.admittance, self._directory, self._tools.wall_clock)
        models = route.models or {}
        outer = self._outside(route)
        match entrance:
            case "unknown":
                return compile_plan(in_order((*outer, RefuseFilter(no_route))))
            case "rest" if route.problem:
                return compile_plan(in_order((*outer, RefuseFilter(lambda: NotProgrammed(route.problem)))))
            case "rest":
                own = (*self._watching(route), authenticate, *rest_route.entry_filters(route, route.matches[place]))
                return _entry(
                    (*outer, *self._metering(route), *own), lambda entered: self._to_rest(route, place, entered)
                )
            case "options" | "models options":
                return compile_plan(in_order((*outer, _options(OPTIONS[entrance]))))
            case "models":
                listed = {name: (model.name, model.entry) for name, model in models.items() if not model.problem}
                return _entry((*outer, authenticate), lambda entered: self._to_list(route, listed, entered))
            case "kept" | "upload":
                return self._make_kept_entry(route, (*outer, *self._watching(route), authenticate), entrance)
            case "model" | "coded model" | "form":
                outer = (*outer, *self._counting(route), *self._watching(route))
                filters = (*outer, authenticate, *self._reading(route, entrance))
                return _entry(filters, lambda entered: self._to_model(route, entrance, entered))
            case _:
                assert_never(entrance)

    def _metering(self, route: CompiledRoute) -> tuple[Filter, ...]:
        return self._counting(route) if route.provider is not None else ()

    def _counting(self, route: CompiledRoute) -> tuple[Filter, ...]:
        """What was used, and what it has cost."""
        tools = self._tools
        told = (CostHeaderFilter(tools.wall_clock),) if route.shows_cost else ()
        return (UsageFilter(tools.metrics), CostFilter(tools.metrics, tools.wall_clock), *told)

    def _make_kept_entry(self, route: CompiledRoute, outer: tuple[Filter, ...], entrance: Entrance) -> Plan:
        """For what the providers of the route's models keep."""
        keepers = self._keepers_of(route)
        if keepers is None:
            return compile_plan(in_order((*outer, RefuseFilter(no_sealed_ids))))
        keeping = KeptFilter(keepers) if entrance == "kept" else UploadFilter(keepers)
        return _entry((*outer, keeping), lambda entered: self._to_keeper(route, keepers, entered))

    def _watching(self, route: CompiledRoute) -> tuple[Filter, ...]:
        """What has that cut off which its caller may no longer have."""
        protocols = frozenset(each.protocol.encode() for each in route.upgrades)
        if not protocols and not route.cuts_answers:
            return ()
        return (WatchFilter(self._tools.watched, protocols, cuts_answers=route.cuts_answers),)

    def _reading(self, route: CompiledRoute, entrance: Entrance) -> tuple[Filter, ...]:
        """What reads the body of a request for a model."""
        models = route.models or {}
        names = {name: model.name for name, model in models.items()}
        problems = {name: model.problem for name, model in models.items() if model.problem}
        choice = ModelChoice(names, problems)
        if entrance == "form":
            return (FormModelFilter(choice),)
        coded = (InflateFilter(self._tools.inflated),) if entrance == "coded model" else ()
        keepers = self._keepers_of(route)
        sealing = (UnsealFilter(keepers), SealFilter(keepers)) if keepers is not None else ()
        return (*coded, ModelFilter(choice), SettleFilter(self._tools.counter), *sealing)

    def _keepers_of(self, route: CompiledRoute) -> Keepers | None:
        if route.path not in self._keepers:
            self._keepers[route.path] = find_keepers(route)
        return self._keepers[route.path]

    def _to_keeper(
        self, route: CompiledRoute, keepers: Keepers, entered: tuple[Filter, ...]
    ) -> Callable[[Exchange], Plan]:
        """What goes on from an entry plan for what a provider keeps, once it is known which provider."""

        def next_plan(exchange: Exchange) -> Plan:
            form = exchange.form
            purpose = "batch" if form is not None and form.text("purpose") == "batch" else ""
            caller_set = exchange.identity.policy_set if exchange.identity is not None else 0
            key = (f"{route.path}#kept{'' if form is None else ' form'}", exchange.provider, purpose, caller_set)
            plan = self._full.get(key)
            if plan is None:
                filters = self._policies.filters(route, None, None, caller_set)
                if purpose:
                    filters.append(BatchFileFilter(keepers))
                dispatcher = self._tools.dispatchers.for_model((version_of(route, exchange.provider),), None)
                plan = self._keep(key, compile_full(entered, filters, dispatcher))
            return plan

        return next_plan

    def _to_model(
        self, route: CompiledRoute, entrance: Entrance, entered: tuple[Filter, ...]
    ) -> Callable[[Exchange], Plan]:
        """What goes on from an entry plan of a route to models."""
        dispatchers = self._tools.dispatchers
        models = route.models or {}
        path = f"{route.path}#{entrance}"

        def next_plan(exchange: Exchange) -> Plan:
            model = models[exchange.model_requested]
            versions = model.versions
            version = ""
            if self._policies.has_sections(model):  # then the plan depends on the version, which must be chosen first
                chosen = dispatchers.choose_version(versions, model.stickiness, exchange)
                versions, version = (chosen,), chosen.name
            caller_set = exchange.identity.policy_set if exchange.identity is not None else 0
            counts = exchange.operation in COUNTING
            place = f"{path} {exchange.api} {exchange.operation}" if counts else path
            key = (place, model.path, version, caller_set)
            plan = self._full.get(key)
            if plan is None:
                filters = self._policies.filters(route, model, version or None, caller_set)
                if counts:
                    filters += count_filters(versions, exchange, self._tools.counter)
                dispatcher = dispatchers.for_model(versions, model.stickiness, is_lossy=route.is_lossy)
                plan = self._keep(key, compile_full(entered, filters, dispatcher))
            return plan

        return next_plan

    def _to_list(
        self, route: CompiledRoute, listed: dict[str, tuple[str, ModelEntry]], entered: tuple[Filter, ...]
    ) -> Callable[[Exchange], Plan]:
        """What goes on from the entry plan of a route's list of models."""

        def next_plan(exchange: Exchange) -> Plan:
            caller_set = exchange.identity.policy_set if exchange.identity is not None else 0
            key = (route.path, LIST, "", caller_set)
            plan = self._full.get(key)
            if plan is None:
                filters = [*self._policies.caller_addresses(route, caller_set), ModelsListFilter(listed)]
                plan = self._keep(key, compile_full(entered, filters, None))
            return plan

        return next_plan

    def _to_rest(self, route: CompiledRoute, place: int, entered: tuple[Filter, ...]) -> Callable[[Exchange], Plan]:
        """What goes on from the entry plan of a route to a Service, or to an answer of its own."""
        dispatchers = rest_route.dispatchers(route, self._tools.dispatchers.for_service)
        if route.provider is not None:
            dispatchers = {"": self._tools.dispatchers.for_model((native_version(route.provider),), None)}
        path = f"{route.path}#{place}"

        def next_plan(exchange: Exchange) -> Plan:
            version = exchange.api_version
            caller_set = exchange.identity.policy_set if exchange.identity is not None else 0
            key = (path, "", version, caller_set)
            plan = self._full.get(key)
            if plan is None:
                filters = self._policies.filters(route, None, version or None, caller_set)
                filters += rest_route.last_filters(route, route.matches[place], version)
                if route.upgrades:
                    filters.append(rest_route.upgrade_filter(route, self._tools.open_tunnels))
                plan = self._keep(key, compile_full(entered, filters, dispatchers.get(version)))
            return plan

        return next_plan

    def _keep(self, key: tuple[str, str, str, int], plan: Plan) -> Plan:
        if len(self._full) >= MAX_PLANS:
            self._full.clear()
        self._full[key] = plan
        return plan


def _entry(filters: tuple[Filter, ...], then: Callable[[tuple[Filter, ...]], Callable[[Exchange], Plan]]) -> Plan:
    entered = in_order(filters)
    return compile_plan(entered, next_plan=then(entered))


def compile_full(entered: tuple[Filter, ...], filters: list[Filter], dispatcher: Dispatcher | None) -> Plan:
    """A plan that goes on after its first filters have had their turn."""
    return compile_plan((*entered, *in_order(filters)), dispatcher=dispatcher, entered=len(entered))


def _options(allowed: frozenset[str]) -> RespondFilter:
    """Tells by which methods something may be asked for (RFC 9110 9.3.7)."""
    return RespondFilter(204, ((b"allow", ", ".join(sorted(allowed)).encode()),))


def _wrong_method(allowed: frozenset[str]) -> GatewayError:
    return MethodNotAllowed("what is here is not served by this method", allowed=allowed)


def no_sealed_ids() -> GatewayError:
    return NotFound("files, batches and stored answers are served when the gateway has a key: `spec.sealedIds`")


def no_route() -> GatewayError:
    return NotFound("no route of this gateway takes this request")


def not_programmed() -> GatewayError:
    return NotProgrammed("this gateway has no configuration yet")
