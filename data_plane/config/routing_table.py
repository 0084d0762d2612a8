"""Which route a request belongs to. Host exact before wildcard; path exact, longest prefix, template; then the number
of conditions; then the name.

Whoever is known by a key is matched with the routes of its tenant and of the platform first: no tenant can draw
another's traffic to itself by a route that is more specific.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from config_schemas.base import PLATFORM_TENANT
from data_plane.config.route_unit import CompiledMatch, CompiledRoute
from data_plane.exchange import Request

ANY_HOST = b""
MAX_ANNOUNCED = 100  # tenants whose routes a preflight is asked of: strangers may cause no more work
MAX_KNOWN_HOSTS = 1024  # values of `Host` come from clients


@dataclass(frozen=True, slots=True)
class Entry:
    """One match of one route. `below`: how many bytes of a path its prefix takes.

    `place`: of the match in its route, where plans depend on it.
    """

    route: CompiledRoute
    match: CompiledMatch
    below: int = 0
    place: int = 0

    def holds(self, request: Request, tenant: str | None) -> bool:
        """Whether the request matches, and the route may be its: `tenant` None takes routes of every tenant."""
        match, owner = self.match, self.route.tenant
        if tenant is not None and owner != tenant and owner != PLATFORM_TENANT:
            return False
        if match.methods and request.method not in match.methods:
            return False
        return not (match.headers or match.query) or self.has_conditions(request)

    def has_conditions(self, request: Request, announced: Collection[bytes] = ()) -> bool:
        """Whether headers and query are as they must be; of announced headers only the names are known."""
        match = self.match
        if match.headers and any(
            request.headers.get(name) != value and name not in announced for name, value in match.headers
        ):
            return False
        return not match.query or set(match.query) <= set(request.query.split(b"&"))


@dataclass(frozen=True, slots=True)
class HostTable:
    """The routes of one host name, `*.example.com`, or any host."""

    exact: Mapping[bytes, tuple[Entry, ...]] = field(default_factory=dict)
    prefixes: Mapping[bytes, tuple[Entry, ...]] = field(default_factory=dict)
    templates: tuple[Entry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.exact or self.prefixes or self.templates)

    def changed(self, dropped: Collection[CompiledRoute], added: Iterable[CompiledRoute]) -> "HostTable":
        """The table without some routes and with others; what they have nothing to do with is shared."""
        gone = {route.path for route in dropped}
        tables = {"Exact": dict(self.exact), "Prefix": dict(self.prefixes)}
        templates = [each for each in self.templates if each.route.path not in gone]
        for entry in _entries(dropped):
            if entry.match.type in tables:
                _take(tables[entry.match.type], entry.match.path, entry.route.path)
        for entry in _entries(added):
            if entry.match.type in tables:
                _add(tables[entry.match.type], entry)
            else:
                templates.append(entry)
        templates.sort(key=_template_rank)
        return HostTable(tables["Exact"], tables["Prefix"], tuple(templates))

    def find(self, request: Request, tenant: str | None) -> Entry | None:
        path = request.path
        for entry in self.exact.get(path, ()):
            if entry.holds(request, tenant):
                return entry
        return self._find_prefix(request, path, tenant) or self._find_template(request, path, tenant)

    def candidates(self, path: bytes) -> Iterator[Entry]:
        """All whose path matches, in the order of `find`."""
        yield from self.exact.get(path, ())
        prefix = path
        while True:
            yield from self.prefixes.get(prefix, ())
            if not prefix:
                break
            prefix = prefix[: prefix.rfind(b"/")]
        parts = path.split(b"/")[1:]
        for entry in self.templates:
            segments = entry.match.segments
            if len(segments) == len(parts) and _fits(segments, parts):
                yield entry

    def _find_prefix(self, request: Request, path: bytes, tenant: str | None) -> Entry | None:
        prefixes = self.prefixes
        if not prefixes:
            return None
        prefix = path
        while True:  # a prefix ends where a segment ends
            for entry in prefixes.get(prefix, ()):
                if entry.holds(request, tenant):
                    return entry
            if not prefix:
                return None
            prefix = prefix[: prefix.rfind(b"/")]

    def _find_template(self, request: Request, path: bytes, tenant: str | None) -> Entry | None:
        if not self.templates:
            return None
        parts = path.split(b"/")[1:]
        for entry in self.templates:
            segments = entry.match.segments
            if len(segments) == len(parts) and _fits(segments, parts) and entry.holds(request, tenant):
                return entry
        return None


class RoutingTable:
    """All hosts' tables. Immutable but for what it remembers of the hosts it was asked about."""

    __slots__ = ("_known", "hosts")

    def __init__(self, hosts: Mapping[bytes, HostTable]) -> None:
        self.hosts = hosts
        self._known: dict[bytes, tuple[HostTable, ...]] = {}

    def find(self, request: Request, tenant: str | None = None) -> Entry | None:
        """The entry for a caller of a tenant; None: of whom nothing is known."""
        host = request.headers.get(b"host", b"")
        tables = self._known.get(host)
        if tables is None:
            tables = self._tables(host)
        for table in tables:
            entry = table.find(request, tenant)
            if entry is not None:
                return entry
        # Nothing of its own: another tenant's route may admit everybody, and refuses a key that is not its tenant's.
        return self.find(request) if tenant is not None else None

    def announced(self, request: Request, method: bytes, headers: Collection[bytes]) -> list[CompiledRoute]:
        """The routes for a request that a preflight announces: with this method, and headers of these names.

        Whose key it will bring is not known: of each tenant the first route, up to one that takes everybody. Where only
        other methods are served, the first route of those.
        """
        found: dict[str, CompiledRoute] = {}
        nearest = None
        for entry in self.by_any_method(request, headers):
            route = entry.route
            if entry.match.methods and method not in entry.match.methods:
                nearest = nearest or route
                continue
            found.setdefault(route.tenant, route)
            takes_everybody = route.admittance.takes_anonymous or route.tenant == PLATFORM_TENANT
            if takes_everybody or len(found) == MAX_ANNOUNCED:
                break
        return list(found.values()) or ([nearest] if nearest is not None else [])

    def by_any_method(self, request: Request, announced: Collection[bytes] = ()) -> Iterator[Entry]:
        """All entries that the request would match, had it another method; the most specific first."""
        for table in self._tables(request.headers.get(b"host", b"")):
            for entry in table.candidates(request.path):
                if entry.has_conditions(request, announced):
                    yield entry

    def _tables(self, host: bytes) -> tuple[HostTable, ...]:
        """Most specific first."""
        name = host_name(host)
        names = [name]
        while b"." in name:
            name = name.partition(b".")[2]
            names.append(b"*." + name)
        tables = tuple(self.hosts[each] for each in (*names, ANY_HOST) if each in self.hosts)
        if len(self._known) >= MAX_KNOWN_HOSTS:
            self._known.clear()
        self._known[host] = tables
        return tables


def host_name(host: bytes) -> bytes:
    """The name in a `Host` field: lower case, without port and last dot."""
    name = host.lower()
    if not name.endswith(b"]"):  # an IPv6 address without port
        before, colon, _ = name.rpartition(b":")
        name = before if colon else name
    return name.rstrip(b".")


def _entries(routes: Iterable[CompiledRoute]) -> Iterator[Entry]:
    for route in routes:
        depends_on_match = route.depends_on_match
        for place, match in enumerate(route.matches):
            below = len(match.path) if match.type == "Prefix" else 0
            yield Entry(route, match, below, place if depends_on_match else 0)


def _fits(segments: tuple[bytes | None, ...], parts: list[bytes]) -> bool:
    """Whether a path has a template's segments, where there are as many."""
    return all(part and segment in (None, part) for segment, part in zip(segments, parts, strict=True))


def _take(entries: dict[bytes, tuple[Entry, ...]], path: bytes, route_path: str) -> None:
    kept = tuple(each for each in entries.pop(path, ()) if each.route.path != route_path)
    if kept:
        entries[path] = kept


def _add(entries: dict[bytes, tuple[Entry, ...]], entry: Entry) -> None:
    path = entry.match.path
    entries[path] = tuple(sorted((*entries.get(path, ()), entry), key=_rank))


def _rank(entry: Entry) -> tuple[int, bool, str, str, tuple[object, ...]]:
    match, route = entry.match, entry.route
    # Who names HEAD gets it, before those that take it beside GET.
    return -match.condition_count, match.implies_head, route.name, route.tenant, match.conditions


def _template_rank(entry: Entry) -> tuple[int, int, bool, str, str, tuple[object, ...]]:
    """Those with the most fixed segments first."""
    return -sum(part is not None for part in entry.match.segments), *_rank(entry)
