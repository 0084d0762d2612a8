"""Resources to snapshots, incrementally: a change makes anew only what depends on it, in slices between other work."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from config_schemas.base import PLATFORM_TENANT
from config_schemas.policies.merge import PolicyView, index_by_tenant
from config_schemas.registry import POLICY_KINDS
from data_plane.config import structs, units
from data_plane.config.certificate import TlsSettings
from data_plane.config.contracts import make_contract
from data_plane.config.decoding import CREDENTIAL_MARK, decode_credential, decode_resource, kind_of
from data_plane.config.plans import Tools
from data_plane.config.policy_table import SAYS_NOTHING, PolicySources, PolicyStruct
from data_plane.config.rejection import Rejected, Rejection
from data_plane.config.route_unit import CompiledRoute, make_route
from data_plane.config.routing_table import ANY_HOST, HostTable
from data_plane.config.snapshot import Snapshot, Sources
from data_plane.config.state import Build, Key, State
from data_plane.identity.credential_table import CredentialEdit, CredentialTable
from data_plane.identity.directory import ApplicationFacts
from data_plane.validation.contract import Contract

SLICE_SECONDS = 0.004  # with what a step may take on top, below the 5 ms that traffic may wait
STEPS_PER_LOOK = 32
BATCH = 200  # of what takes microseconds each
NO_ROUTES = HostTable()
LABELLED_KINDS = frozenset(("Tenant", "Team", "Gateway"))  # whose labels policies select by

Item = TypeVar("Item")
Slices = Generator[None, None, None]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compile came to. With rejections nothing has changed, and there is no snapshot."""

    snapshot: Snapshot | None
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class _Base:
    """Where a compile starts: all that the last one left behind."""

    state: State
    sources: Sources


class Compiler:
    """One at a time: a compile starts from what the last one that succeeded left behind.

    `clock` gives seconds of any steady clock.
    """

    def __init__(self, tools: Tools, gateway: str, clock: Callable[[], float]) -> None:
        self._tools = tools
        self._gateway = gateway
        self._clock = clock
        policies = PolicySources({}, {}, {}, gateway)
        self._base = _Base(State(), Sources({}, CredentialTable.empty(), {}, policies))

    def empty(self) -> Snapshot:
        """The snapshot to begin with, which answers that there is no configuration yet."""
        return Snapshot(0, self._base.sources, self._tools)

    @property
    def tls(self) -> TlsSettings:
        """What the last compile that succeeded has found of TLS towards clients."""
        found = self._base.state.units.get(f"{PLATFORM_TENANT}/Gateway/{self._gateway}")
        return found if isinstance(found, TlsSettings) else TlsSettings()

    def compile(
        self, changed: Mapping[str, bytes], removed: Iterable[str], revision: int
    ) -> Generator[None, None, Compiled]:
        """Yields whenever other work may run; what it returns is the result.

        Dropped halfway, it has no effect.
        """
        step = _Compile(self._base, self._gateway, self._clock)
        yield from step.run(changed, removed)
        if step.rejections:
            return Compiled(None, tuple(sorted(step.rejections, key=lambda each: each.path)))
        self._base = step.result()
        return Compiled(Snapshot(revision, self._base.sources, self._tools))

    def compile_now(self, changed: Mapping[str, bytes], removed: Iterable[str], revision: int) -> Compiled:
        """Without a break."""
        slices = self.compile(changed, removed, revision)
        while True:
            try:
                next(slices)
            except StopIteration as end:
                compiled: Compiled = end.value
                return compiled


class _Compile:
    """One compile under way."""

    def __init__(self, base: _Base, gateway: str, clock: Callable[[], float]) -> None:
        self._base = base
        self._gateway = gateway
        self._clock = clock
        self._slice_ends = clock() + SLICE_SECONDS
        self._steps = 0
        self._build = Build(base.state, self._recipes())
        self._credentials = base.sources.credentials
        self._applications = dict(base.sources.applications)
        self._hosts = dict(base.sources.hosts)
        self._policies = base.sources.policies
        self.rejections = self._build.rejections

    def run(self, changed: Mapping[str, bytes], removed: Iterable[str]) -> Slices:
        credentials: dict[str, bytes | None] = {}
        keys: list[Key] = []
        for path in removed:
            if CREDENTIAL_MARK in path:
                credentials[path] = None
            else:
                keys += self._build.remove(path)
            if self._is_due():
                yield
        for path, content in changed.items():
            if CREDENTIAL_MARK in path:
                credentials[path] = content
            else:
                keys += self._take(path, content)
            if self._is_due():
                yield
        yield from self._remake(keys)
        if credentials:
            yield from self._credential(credentials)

    def result(self) -> _Base:
        sources = Sources(self._hosts, self._credentials, self._applications, self._policies)
        return _Base(self._build.finish(), sources)

    def _recipes(self) -> Mapping[str, Callable[[Build, str], object]]:
        return {
            "Provider": units.make_provider,
            "Service": units.make_service,
            "Secret": units.make_secret,
            "Gateway": lambda build, path: units.make_gateway(build, path, self._gateway),
            "Model": units.make_model,
            "Application": units.make_application,
            "Route": lambda build, path: make_route(build, path, self._gateway),
        }

    def _is_due(self) -> bool:
        """Whether other work should run now. The clock is read now and then: each step takes microseconds."""
        self._steps += 1
        if self._steps % STEPS_PER_LOOK:
            return False
        now = self._clock()
        if self._slice_ends == 0.0:  # the first look since others ran: what they took is not ours
            self._slice_ends = now + SLICE_SECONDS
        if now < self._slice_ends:
            return False
        self._slice_ends = 0.0
        return True

    def _remake(self, keys: list[Key]) -> Slices:
        """Make anew all that was made from what has changed."""
        old_units = self._base.state.units
        stale: set[str] = set()
        for batch in _batches(keys):
            stale |= self._build.invalidate(batch)
            yield from self._pause()
        for path in sorted(stale):
            self._build.make(path)
            yield from self._pause()
        yield from self._route(stale, old_units)
        self._identify(stale)
        if keys:
            yield from self._police([path for kind, path in keys if kind == "resource"])

    def _pause(self) -> Slices:
        """After a step that may have taken long."""
        if self._clock() >= self._slice_ends:
            yield
            self._slice_ends = self._clock() + SLICE_SECONDS

    def _take(self, path: str, content: bytes) -> list[Key]:
        try:
            return self._build.put(path, decode_resource(path, content))
        except Rejected as error:
            self.rejections.append(Rejection(path, str(error)))
            return []

    def _route(self, stale: Iterable[str], old_units: Mapping[str, object]) -> Slices:
        """Change the tables of the hosts whose routes have changed, some routes at a time."""
        for batch in _batches(stale):
            dropped: dict[bytes, list[CompiledRoute]] = {}
            added: dict[bytes, list[CompiledRoute]] = {}
            for path in batch:
                _file(dropped, old_units.get(path))
                _file(added, self._build.made(path))
            for host in {*dropped, *added}:
                table = self._hosts.pop(host, NO_ROUTES).changed(dropped.get(host, ()), added.get(host, ()))
                if table:
                    self._hosts[host] = table
            yield from self._pause()

    def _identify(self, stale: set[str]) -> None:
        for path in stale:
            application = self._build.made(path)
            if isinstance(application, ApplicationFacts):
                self._applications[path] = application
            else:
                self._applications.pop(path, None)

    def _police(self, touched: Sequence[str]) -> Slices:
        """Policies, and the labels that they select by."""
        sources = self._policies
        policies, indexes, labels = dict(sources.policies), dict(sources.indexes), dict(sources.labels)
        gateway = self._build.found(f"{PLATFORM_TENANT}/Gateway/{self._gateway}")
        tenants = set()
        for path in touched:
            kind, resource = kind_of(path), self._build.found(path)
            if kind in POLICY_KINDS:
                tenants.add(path.partition("/")[0])
                policies.pop(path, None)
                if isinstance(resource, PolicyStruct):
                    policies[path] = resource
            elif kind in LABELLED_KINDS:
                labels.pop(path, None)
                if resource is not None:
                    labels[path] = resource.metadata.labels
            if self._is_due():
                yield
        for tenant in tenants:
            indexes.pop(tenant, None)
            owned = [policies[path] for kind in POLICY_KINDS for path in self._build.found_paths(tenant, kind)]
            indexes |= index_by_tenant(PolicyView.of(policy) for policy in owned)
            yield from self._pause()
        spec = gateway.spec if isinstance(gateway, structs.Gateway) else SAYS_NOTHING
        contracts = yield from self._contracts(touched, sources.contracts)
        self._policies = PolicySources(policies, indexes, labels, self._gateway, spec, contracts)

    def _contracts(
        self, touched: Iterable[str], known: Mapping[str, Contract]
    ) -> Generator[None, None, dict[str, Contract]]:
        contracts = dict(known)
        for path in touched:
            contracts.pop(path, None)
            policy = self._build.found(path)
            if not isinstance(policy, structs.ValidationPolicy):
                continue
            making = make_contract(policy)
            try:
                while True:
                    next(making)
                    yield from self._pause()
            except StopIteration as end:
                contracts[path] = end.value
            except Rejected as error:
                self.rejections.append(Rejection(path, str(error)))
        return contracts

    def _credential(self, changes: Mapping[str, bytes | None]) -> Slices:
        """Take out all that change before any comes in: keys may change owners in one update."""
        edit = self._credentials.edit()
        if not edit.is_empty:
            for path in changes:
                edit.remove(path)
                if self._is_due():
                    yield
        for path, content in changes.items():
            if content is not None:
                self._put_credential(edit, path, content)
            if self._is_due():
                yield
        self._credentials = edit.finish()

    def _put_credential(self, edit: CredentialEdit, path: str, content: bytes) -> None:
        try:
            decoded = decode_credential(path, content)
            if decoded is not None and not edit.put(path, *decoded):
                raise Rejected("another credential has the same `spec.hash`")
        except Rejected as error:
            self.rejections.append(Rejection(path, str(error)))


def _file(by_host: dict[bytes, list[CompiledRoute]], unit: object) -> None:
    """Put a route under the hosts in whose tables it stands; what is no route stands in none."""
    if isinstance(unit, CompiledRoute):
        for host in unit.hosts or (ANY_HOST,):
            by_host.setdefault(host, []).append(unit)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch
