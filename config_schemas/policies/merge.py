"""Which policies reach a request, and which of them are in force: the rules that both planes share.

A request has parts: the Gateway, Tenant, Route, Service or Model, Team, Application and Credential that it comes
through. A policy reaches it through the narrowest part that it targets. `Accumulate` kinds all apply. Of an
`Override` kind one applies: what the platform has locked, else through the narrower part, else with the higher
priority, else the older, else the first by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from config_schemas.base import PLATFORM_TENANT
from config_schemas.policies.policy import Merge, TargetKind

# Narrowest first.
SCOPES: tuple[TargetKind, ...] = (
    "Credential",
    "Application",
    "Team",
    "Route",
    "Model",
    "Service",
    "Tenant",
    "Gateway",
)
_NARROWNESS = {kind: place for place, kind in enumerate(SCOPES)}
NO_DATE = "9999"  # what has no creation date is the newest


class _Metadata(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def created_at(self) -> str | None: ...


class _Target(Protocol):
    @property
    def kind(self) -> TargetKind: ...
    @property
    def name(self) -> str: ...
    @property
    def section_name(self) -> str | None: ...


class _Selector(Protocol):
    @property
    def kind(self) -> TargetKind: ...
    @property
    def match_labels(self) -> Mapping[str, str]: ...


class _Spec(Protocol):
    @property
    def target_refs(self) -> tuple[_Target, ...]: ...
    @property
    def selector(self) -> _Selector | None: ...
    @property
    def priority(self) -> int: ...
    @property
    def mode(self) -> str: ...
    @property
    def locked(self) -> str: ...


class PolicyResource(Protocol):
    """A policy as either plane decodes it."""

    @property
    def kind(self) -> str: ...
    @property
    def metadata(self) -> _Metadata: ...
    @property
    def spec(self) -> _Spec: ...


@dataclass(frozen=True, slots=True)
class Target:
    """What a policy names; `section` is a version of a Model."""

    kind: TargetKind
    name: str
    section: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What matters of a policy for attaching and merging."""

    path: str  # `<tenant>/<Kind>/<name>`
    kind: str
    tenant: str
    name: str
    targets: tuple[Target, ...]
    selector: tuple[TargetKind, tuple[tuple[str, str], ...]] | None
    priority: int = 0
    created: str = NO_DATE
    is_locked: bool = False
    is_shadow: bool = False

    @classmethod
    def of(cls, policy: PolicyResource) -> "PolicyView":
        metadata, spec = policy.metadata, policy.spec
        selector = spec.selector
        return cls(
            path=f"{metadata.tenant}/{policy.kind}/{metadata.name}",
            kind=policy.kind,
            tenant=metadata.tenant,
            name=metadata.name,
            targets=tuple(Target(each.kind, each.name, each.section_name) for each in spec.target_refs),
            selector=None if selector is None else (selector.kind, tuple(sorted(selector.match_labels.items()))),
            priority=spec.priority,
            created=NO_DATE if metadata.created_at is None else metadata.created_at.rstrip("Z"),
            is_locked=spec.locked == "Locked" and metadata.tenant == PLATFORM_TENANT,
            is_shadow=spec.mode == "Shadow",
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A resource that a request comes through. A Tenant is its own tenant's part, a Gateway the platform's."""

    kind: TargetKind
    tenant: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """A policy, and the narrowest part through which it reaches."""

    policy: PolicyView
    through: TargetKind
    by_section: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a policy that reaches a request. `lost_to` is the path of the one that won."""

    policy: PolicyView
    through: TargetKind
    is_effective: bool
    lost_to: str | None
    reason: str


class PolicyIndex:
    """One tenant's policies, by what they target."""

    __slots__ = ("_by_selector", "_by_target")

    def __init__(self, policies: Iterable[PolicyView] = ()) -> None:
        self._by_target: dict[tuple[str, str], list[tuple[PolicyView, str | None]]] = {}
        self._by_selector: dict[str, list[PolicyView]] = {}
        for policy in sorted(policies, key=lambda each: each.path):
            for target in policy.targets:
                self._by_target.setdefault((target.kind, target.name), []).append((policy, target.section))
            if policy.selector is not None:
                self._by_selector.setdefault(policy.selector[0], []).append(policy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicyIndex) and (self._by_target, self._by_selector) == (
            other._by_target,
            other._by_selector,
        )

    __hash__ = None  # type: ignore[assignment]  # compared by content, kept in no set

    def sections(self, kind: TargetKind, name: str) -> bool:
        """Whether any policy targets a section of this part."""
        return any(section is not None for _, section in self._by_target.get((kind, name), ()))

    def reaching(self, part: Part) -> Iterator[Reached]:
        """The policies that reach the part, whoever it belongs to."""
        for policy, section in self._by_target.get((part.kind, part.name), ()):
            if section is None or section == part.section:
                yield Reached(policy, part.kind, section is not None)
        for policy in self._by_selector.get(part.kind, ()):
            if policy.selector is not None and all(part.labels.get(key) == value for key, value in policy.selector[1]):
                yield Reached(policy, part.kind)


EMPTY_INDEX = PolicyIndex()


def index_by_tenant(policies: Iterable[PolicyView]) -> dict[str, PolicyIndex]:
    """An index for each tenant that has policies."""
    by_tenant: dict[str, list[PolicyView]] = {}
    for policy in policies:
        by_tenant.setdefault(policy.tenant, []).append(policy)
    return {tenant: PolicyIndex(owned) for tenant, owned in by_tenant.items()}


def reaching(indexes: Mapping[str, PolicyIndex], parts: Iterable[Part]) -> tuple[Reached, ...]:
    """Each policy that reaches one of the parts, once, through the narrowest; in the order of paths.

    A tenant's policies reach what belongs to the tenant and nothing else; the platform's reach everything.
    """
    found: dict[str, Reached] = {}
    for part in parts:
        owners = {part.tenant, PLATFORM_TENANT}
        for reached in (each for owner in owners for each in indexes.get(owner, EMPTY_INDEX).reaching(part)):
            known = found.get(reached.policy.path)
            if known is None or _width(reached) < _width(known):
                found[reached.policy.path] = reached
    return tuple(found[path] for path in sorted(found))


def merge(reached: Iterable[Reached], merges: Mapping[str, Merge]) -> tuple[Verdict, ...]:
    """The verdict on each policy: by kind, winners first. `merges` says how each kind merges."""
    by_kind: dict[str, list[Reached]] = {}
    for each in reached:
        by_kind.setdefault(each.policy.kind, []).append(each)
    verdicts: list[Verdict] = []
    for kind, members in sorted(by_kind.items()):
        members.sort(key=_precedence)
        verdicts += _override(members) if merges[kind] == "Override" else _accumulate(members)
    return tuple(verdicts)


def explain(policies: Iterable[PolicyView], parts: Iterable[Part], merges: Mapping[str, Merge]) -> tuple[Verdict, ...]:
    """What is in force for a request with these parts, what lost, and why."""
    return merge(reaching(index_by_tenant(policies), parts), merges)


def _width(reached: Reached) -> tuple[int, bool]:
    return _NARROWNESS[reached.through], not reached.by_section


def _precedence(reached: Reached) -> tuple[bool, tuple[int, bool], int, str, str, str]:
    policy = reached.policy
    return not policy.is_locked, _width(reached), -policy.priority, policy.created, policy.name, policy.tenant


def _accumulate(members: list[Reached]) -> Iterator[Verdict]:
    for each in members:
        if each.policy.is_shadow:
            yield Verdict(each.policy, each.through, False, None, "shadow: it would apply")
        else:
            yield Verdict(each.policy, each.through, True, None, "applies, as all of its kind do")


def _override(members: list[Reached]) -> Iterator[Verdict]:
    winner = next((each for each in members if not each.policy.is_shadow), None)
    for each in members:
        policy, through = each.policy, each.through
        if each is winner:
            yield Verdict(policy, through, True, None, "locked by the platform" if policy.is_locked else "wins")
        elif winner is None or _precedence(each) < _precedence(winner):
            yield Verdict(policy, through, False, None, "shadow: it would win")
        else:
            reason = _reason(winner, each)
            yield Verdict(
                policy, through, False, winner.policy.path, f"shadow: {reason}" if policy.is_shadow else reason
            )


def _reason(winner: Reached, loser: Reached) -> str:
    """Why the winner precedes: the first of the rules that tells them apart."""
    ours, theirs = winner.policy, loser.policy
    if ours.is_locked != theirs.is_locked:
        return "the platform has locked the other one"
    if winner.through != loser.through:
        return f"{winner.through} is narrower than {loser.through}"
    if winner.by_section != loser.by_section:
        return f"a section is narrower than the whole {loser.through}"
    if ours.priority != theirs.priority:
        return f"priority {ours.priority} is higher than {theirs.priority}"
    if ours.created != theirs.created:
        return "the other one is older"
    return "the other one comes first by name"
