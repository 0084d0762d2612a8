"""Which route a request belongs to. Host exact before wildcard; path exact, longest prefix, template; then the number
of conditions; then the name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data_plane.config.route_unit import CompiledMatch, CompiledRoute
from data_plane.exchange import Request

ANY_HOST = b""
MAX_KNOWN_HOSTS = 1024  # values of `Host` come from clients


@dataclass(frozen=True, slots=True)
class Entry:
    """One match of one route. `below`: how many bytes of a path its prefix takes."""

    route: CompiledRoute
    match: CompiledMatch
    below: int = 0

    def holds(self, request: Request) -> bool:
        match = self.match
        if match.methods and request.method not in match.methods:
            return False
        if match.headers and any(request.headers.get(name) != value for name, value in match.headers):
            return False
        return not match.query or set(match.query) <= set(request.query.split(b"&"))


@dataclass(frozen=True, slots=True)
class HostTable:
    """The routes of one host name, `*.example.com`, or any host."""

    exact: Mapping[bytes, tuple[Entry, ...]] = field(default_factory=dict)
    prefixes: Mapping[bytes, tuple[Entry, ...]] = field(default_factory=dict)
    templates: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, routes: Iterable[CompiledRoute]) -> "HostTable":
        exact: dict[bytes, list[Entry]] = {}
        prefixes: dict[bytes, list[Entry]] = {}
        templates: list[Entry] = []
        for route, match in ((each, match) for each in routes for match in each.matches):
            if match.type == "Exact":
                exact.setdefault(match.path, []).append(Entry(route, match))
            elif match.type == "Prefix":
                prefixes.setdefault(match.path, []).append(Entry(route, match, len(match.path)))
            else:
                templates.append(Entry(route, match))
        templates.sort(key=lambda each: (-sum(part is not None for part in each.match.segments), *_rank(each)))
        return cls(_ranked(exact), _ranked(prefixes), tuple(templates))

    def find(self, request: Request) -> Entry | None:
        path = request.path
        for entry in self.exact.get(path, ()):
            if entry.holds(request):
                return entry
        return self._find_prefix(request, path) or self._find_template(request, path)

    def _find_prefix(self, request: Request, path: bytes) -> Entry | None:
        prefixes = self.prefixes
        if not prefixes:
            return None
        prefix = path
        while True:  # a prefix ends where a segment ends
            for entry in prefixes.get(prefix, ()):
                if entry.holds(request):
                    return entry
            if not prefix:
                return None
            prefix = prefix[: prefix.rfind(b"/")]

    def _find_template(self, request: Request, path: bytes) -> Entry | None:
        if not self.templates:
            return None
        parts = path.split(b"/")[1:]
        for entry in self.templates:
            segments = entry.match.segments
            if (
                len(segments) == len(parts)
                and all(part and segment in (None, part) for segment, part in zip(segments, parts, strict=True))
                and entry.holds(request)
            ):
                return entry
        return None


class RoutingTable:
    """All hosts' tables. Immutable but for what it remembers of the hosts it was asked about."""

    __slots__ = ("_known", "hosts")

    def __init__(self, hosts: Mapping[bytes, HostTable]) -> None:
        self.hosts = hosts
        self._known: dict[bytes, tuple[HostTable, ...]] = {}

    def find(self, request: Request) -> Entry | None:
        host = request.headers.get(b"host", b"")
        tables = self._known.get(host)
        if tables is None:
            tables = self._tables(host)
        for table in tables:
            entry = table.find(request)
            if entry is not None:
                return entry
        return None

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


def _ranked(entries: dict[bytes, list[Entry]]) -> dict[bytes, tuple[Entry, ...]]:
    return {path: tuple(sorted(members, key=_rank)) for path, members in entries.items()}


def _rank(entry: Entry) -> tuple[int, str, str]:
    return -entry.match.condition_count, entry.route.name, entry.route.tenant
