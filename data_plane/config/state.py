"""What a compile starts from and leaves behind: resources, what was made of each, and what that depended on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from data_plane.config.decoding import kind_of
from data_plane.config.rejection import Rejected, Rejection
from data_plane.config.structs import Resource

AnyKey = TypeVar("AnyKey")
# ("resource", path), ("unit", path), ("names", "<tenant>/<Kind>") or ("contents", "<tenant>/<Kind>")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class State:
    """Never changed: a compile works on a copy of the maps, and copies the sets in them that it changes."""

    resources: Mapping[str, Resource] = field(default_factory=dict)  # by path, without credentials
    names: Mapping[str, set[str]] = field(default_factory=dict)  # paths by `<tenant>/<Kind>`
    units: Mapping[str, object] = field(default_factory=dict)  # what was made of a resource, by its path
    needs: Mapping[str, frozenset[Key]] = field(default_factory=dict)  # what a unit was made from
    needed_by: Mapping[Key, set[str]] = field(default_factory=dict)  # the units made from something


class Build:
    """A state in the making. `recipes` makes the unit of a kind; it reads by the methods here, which take note."""

    def __init__(self, state: State, recipes: Mapping[str, Callable[["Build", str], object]]) -> None:
        self.rejections: list[Rejection] = []
        self._recipes = recipes
        self._resources = dict(state.resources)
        self._names = dict(state.names)
        self._units = dict(state.units)
        self._needs = dict(state.needs)
        self._needed_by = dict(state.needed_by)
        self._own: set[int] = set()  # ids of the sets that are ours to change
        self._reading: list[set[Key]] = []

    # What recipes read.

    def resource(self, path: str) -> Resource | None:
        self._note(("resource", path))
        return self._resources.get(path)

    def paths(self, tenant: str, kind: str) -> list[str]:
        """Of all resources of a kind."""
        self._note(("names", f"{tenant}/{kind}"))
        return self.found_paths(tenant, kind)

    def contents(self, tenant: str, kind: str) -> list[Resource]:
        """All resources of a kind, noted as one thing: for units that each depend on all of them."""
        self._note(("contents", f"{tenant}/{kind}"))
        return [self._resources[path] for path in self.found_paths(tenant, kind)]

    def unit(self, path: str) -> object:
        """What was made of the resource; None if it is not there."""
        self._note(("unit", path))
        return self.make(path)

    # What the compiler does.

    def put(self, path: str, resource: Resource) -> list[Key]:
        """Take a resource; the keys whose meaning has changed."""
        names = path.rpartition("/")[0]
        changed: list[Key] = [("resource", path), ("contents", names)]
        if path not in self._resources:
            self._set(self._names, names).add(path)
            changed.append(("names", names))
        self._resources[path] = resource
        return changed

    def remove(self, path: str) -> list[Key]:
        """Drop a resource; the keys whose meaning has changed."""
        if self._resources.pop(path, None) is None:
            return []
        names = path.rpartition("/")[0]
        members = self._set(self._names, names)
        members.discard(path)
        if not members:
            del self._names[names]
        return [("resource", path), ("contents", names), ("names", names)]

    def made(self, path: str) -> object:
        """The unit of a resource, if one was made."""
        return self._units.get(path)

    def found(self, path: str) -> Resource | None:
        return self._resources.get(path)

    def found_paths(self, tenant: str, kind: str) -> list[str]:
        return sorted(self._names.get(f"{tenant}/{kind}", ()))

    def invalidate(self, changed: Iterable[Key]) -> set[str]:
        """Forget all that was made from these keys; the paths of the units that are to be made anew."""
        stale: set[str] = set()
        waiting = list(changed)
        while waiting:
            key = waiting.pop()
            dependents = self._needed_by.get(key, set()) - stale
            if key[0] == "resource" and key[1] not in stale and kind_of(key[1]) in self._recipes:
                dependents = dependents | {key[1]}
            stale |= dependents
            waiting.extend(("unit", path) for path in dependents)
        for path in stale:
            self._forget(path)
        return stale

    def make(self, path: str) -> object:
        """The unit of a resource, made if need be, and with it those that it needs."""
        if path in self._units or path not in self._resources:
            return self._units.get(path)
        self._reading.append(set())
        value: object = None
        try:
            value = self._recipes[kind_of(path)](self, path)
        except Rejected as error:
            self.rejections.append(Rejection(path, str(error)))
        self._units[path] = value
        self._needs[path] = needs = frozenset(self._reading.pop())
        for key in needs:
            self._set(self._needed_by, key).add(path)
        return value

    def finish(self) -> State:
        return State(self._resources, self._names, self._units, self._needs, self._needed_by)

    def _note(self, key: Key) -> None:
        if self._reading:
            self._reading[-1].add(key)

    def _forget(self, path: str) -> None:
        self._units.pop(path, None)
        for key in self._needs.pop(path, ()):
            dependents = self._set(self._needed_by, key)
            dependents.discard(path)
            if not dependents:
                del self._needed_by[key]

    def _set(self, sets: dict[AnyKey, set[str]], key: AnyKey) -> set[str]:
        """The set under a key, copied when it is first changed."""
        known = sets.get(key)
        if known is None or id(known) not in self._own:
            known = set(known or ())
            self._own.add(id(known))
            sets[key] = known
        return known
