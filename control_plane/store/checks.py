"""What a write must keep to beyond its own documents: references, deletions, claims. Errors, and what to compare.

- A reference must exist: its key is compared. One more or less writes the guard of the target's tenant.
- What is referred to is not removed: the deletion compares that guard, so either sees the other's write and loses.
- A claim of a Model or Route, one more or less, writes its guard. A new one compares it: of two, one begins again.
- The hash of a Credential has a key of its own, which must be free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from control_plane.admission.references import Ref, foreign_references, references
from control_plane.admission.ties import Claim, claims
from control_plane.errors import FieldError, InUse, StoredInvalid
from control_plane.store.base import Compare, Delete, Put, Store, Write
from control_plane.store.index import Index, targets_of
from control_plane.store.keys import (
    claims_guard,
    credential_hash_key,
    find_resource_name,
    references_guard,
    resource_key,
)
from control_plane.store.plan import Document, Plan
from control_plane.store.stored import parse_stored

SHOWN_REFERRERS = 5


@dataclass(slots=True)
class Transaction:
    """Comparisons and writes by key: an exact comparison replaces one for existence."""

    compares: dict[str, int | None] = field(default_factory=dict)
    writes: dict[str, Write] = field(default_factory=dict)

    def compare(self, key: str, revision: int | None) -> None:
        if self.compares.get(key) is None:
            self.compares[key] = revision

    def write(self, write: Write) -> None:
        self.writes[write.key] = write

    def comparisons(self) -> list[Compare]:
        return [Compare(key, revision) for key, revision in self.compares.items()]


class Checks:
    """The checks of one attempt to write some plans together."""

    def __init__(
        self,
        store: Store,
        index: Index,
        plans: Sequence[Plan],
        transaction: Transaction,
        *,
        is_index_trusted: bool = True,
    ) -> None:
        self._store = store
        self._index = index
        self._plans = {plan.path: plan for plan in plans}
        self._transaction = transaction
        self._is_index_trusted = is_index_trusted  # that something exists: not after it has been wrong
        self._guards: dict[str, int] = {}

    async def errors_of(self, plan: Plan) -> list[FieldError]:
        """What is wrong with what a plan would store."""
        if plan.is_unchanged:
            return []
        self._write_guards(plan)
        if plan.document is None:
            return []
        refs = references(plan.document)
        errors = foreign_references(refs, plan.name.tenant)
        if not errors:
            for ref in refs:
                errors += [error for error in await self._reference_errors(ref) if error not in errors]
        errors += await self._claim_errors(plan)
        return errors + await self._hash_errors(plan)

    async def check_removals(self, plan: Plan) -> None:
        """Refuse to remove a resource, or a Secret's key, that others refer to.

        Raises:
            InUse: the text names some of them.
        """
        for target in _removed_targets(plan):
            await self._read_guard(references_guard(_guarded_tenant(plan.path)))
            referrers = sorted(path for path in self._index.referrers_of(target) if not self._lets_go(path, target))
            if referrers:
                shown = ", ".join(referrers[:SHOWN_REFERRERS])
                more = f" and {len(referrers) - SHOWN_REFERRERS} more" if len(referrers) > SHOWN_REFERRERS else ""
                raise InUse(f"{target} is in use by {shown}{more}; change or delete these first")

    async def _reference_errors(self, ref: Ref) -> list[FieldError]:
        missing = FieldError(ref.field, f"{ref.kind} '{ref.name}' does not exist in tenant '{ref.tenant}'")
        if ref.kind == "Tenant":
            missing = FieldError(ref.field, f"tenant '{ref.name}' does not exist")
        key = resource_key(ref.path)
        if plan := self._plans.get(ref.path):
            return _secret_key_errors(ref, plan.document) if plan.document is not None else [missing]
        if ref.secret_key is None and self._is_index_trusted and self._index.exists(ref.path):
            self._transaction.compare(key, None)  # if the index is behind, the comparison fails and all begins again
            return []
        entry = await self._store.get(key)
        if entry is None:
            return [missing]
        self._transaction.compare(key, None if ref.secret_key is None else entry.revision)
        return _secret_key_errors(ref, _parsed(entry.value))

    def _write_guards(self, plan: Plan) -> None:
        """Also for what ends: whoever asks next must see that it has."""
        before, after = (targets_of(document) if document else () for document in (plan.before, plan.document))
        for target in set(before) ^ set(after):
            self._transaction.write(Put(references_guard(_guarded_tenant(target)), b""))
        if _claims_of(plan.before) != _claims_of(plan.document):
            self._transaction.write(Put(claims_guard(plan.name.tenant, plan.name.kind), b""))

    async def _claim_errors(self, plan: Plan) -> list[FieldError]:
        assert plan.document is not None  # called for what will be stored only
        before = _claims_of(plan.before)
        new = [claim for claim in claims(plan.document) if (claim.key, claim.gateways) not in before]
        if not new:
            return []
        await self._read_guard(claims_guard(plan.name.tenant, plan.name.kind))
        errors: dict[
            tuple[str, str], FieldError
        ] = {}  # by field and holder: one sentence is enough, however many hosts and methods tie
        for claim in new:
            for holder in self._holders(plan, claim):
                errors.setdefault((claim.field, holder), FieldError(claim.field, f"{holder} already has {claim.what}"))
        return list(errors.values())

    def _holders(self, plan: Plan, claim: Claim) -> list[str]:
        stored = self._index.holders_of(plan.name.tenant, claim.key)
        holders = {
            path for path, gateways in stored.items() if path not in self._plans and claim.clashes_with(gateways)
        }
        for other in self._plans.values():
            if other is not plan and other.document is not None and other.name[:2] == plan.name[:2]:
                theirs = claims(other.document)
                if any(their.key == claim.key and claim.clashes_with(their.gateways) for their in theirs):
                    holders.add(other.path)
        return sorted(holders - {plan.path})

    async def _hash_errors(self, plan: Plan) -> list[FieldError]:
        new, old = _hash_of(plan.document), _hash_of(plan.before)
        if new == old or new is None:
            return []
        error = FieldError("spec.hash", "is that of another Credential; a key belongs to one Credential only")
        if any(_hash_of(other.document) == new for other in self._plans.values() if other is not plan):
            return [error]
        key = credential_hash_key(new)
        entry = await self._store.get(key)
        if entry and await self._is_held(entry.value.decode(errors="replace"), plan):
            return [error]
        self._transaction.compare(key, entry.revision if entry else 0)
        self._transaction.write(Put(key, plan.path.encode()))
        return []

    async def _is_held(self, holder: str, plan: Plan) -> bool:
        """Whether another Credential has the hash; its resource may have been removed by hand."""
        if holder in self._plans:
            return holder != plan.path and self._plans[holder].document is not None
        return find_resource_name(resource_key(holder)) is not None and bool(
            await self._store.get(resource_key(holder))
        )

    def _lets_go(self, path: str, target: str) -> bool:
        """Whether this write itself ends the reference."""
        plan = self._plans.get(path)
        return plan is not None and (plan.document is None or target not in targets_of(plan.document))

    async def _read_guard(self, key: str) -> None:
        if key not in self._guards:
            entry = await self._store.get(key)
            self._guards[key] = entry.revision if entry else 0
            await self._index.wait_for(self._guards[key])
        self._transaction.compare(key, self._guards[key])


def release_hash(plan: Plan, transaction: Transaction) -> None:
    """Free the hash that a Credential no longer has."""
    old = _hash_of(plan.before)
    if old is not None and old != _hash_of(plan.document):
        key = credential_hash_key(old)
        if key not in transaction.writes:
            transaction.write(Delete(key))


def _guarded_tenant(target: str) -> str:
    """Whose guard stands for references to a target. A Tenant has its own: every resource in it refers to it."""
    tenant, kind, name = target.split("/", 2)
    return name if kind == "Tenant" else tenant


def _removed_targets(plan: Plan) -> list[str]:
    if plan.document is None:
        return [plan.path]
    if plan.name.kind != "Secret" or plan.before is None:
        return []
    before = plan.before["spec"].get("data")
    gone = set(before if isinstance(before, dict) else ()) - plan.document["spec"]["data"].keys()
    return [f"{plan.path}#{key}" for key in sorted(gone)]


def _secret_key_errors(ref: Ref, document: Document | None) -> list[FieldError]:
    if ref.secret_key is None:
        return []
    spec = (document or {}).get("spec")
    data = spec.get("data") if isinstance(spec, dict) else None
    if not isinstance(data, dict):
        data = {}  # written by hand
    if ref.secret_key in data:
        return []
    has = ", ".join(f"'{key}'" for key in sorted(data))
    return [FieldError(f"{ref.field}.key", f"Secret '{ref.name}' has no key '{ref.secret_key}'; it has {has}")]


def _parsed(value: bytes) -> Document | None:
    try:
        return parse_stored(value)
    except StoredInvalid:
        return None


def _claims_of(document: Document | None) -> set[tuple[str, frozenset[str]]]:
    try:
        return {(claim.key, claim.gateways) for claim in claims(document)} if document else set()
    except (LookupError, TypeError, AttributeError):
        return set()  # written by hand


def _hash_of(document: Document | None) -> str | None:
    if document is None or document.get("kind") != "Credential":
        return None
    found = document["spec"].get("hash")
    return found if isinstance(found, str) else None
