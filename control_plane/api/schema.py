"""What the REST API takes and gives beside resources, as models: they make the answers and the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from config_schemas.base import Model, Text, Timestamp
from control_plane.identity.actor import Scope

Action = Literal["created", "replaced", "unchanged", "deleted"]
Document = dict[str, Any]  # a resource; which kind, its `kind` says


class Condition(Model):
    """One statement about a resource, computed when it is read."""

    type: Literal["Accepted", "ResolvedRefs", "Programmed"]
    status: Literal["True", "False", "Unknown"]
    observed_generation: int
    reason: str
    message: str


class ResourceStatus(Model):
    """Computed when a resource is read; ignored in what is sent."""

    conditions: tuple[Condition, ...]


class ListMetadata(Model):
    """`continue` is the token of the next page; empty on the last. All pages show the same `revision`."""

    revision: int
    continue_token: Annotated[str, Field(alias="continue")] = ""


class HistoryEntry(Model):
    """A version of a resource. A deletion has no `resource`."""

    revision: int
    generation: int
    time: str
    actor: str
    action: str
    resource: Document | None


class History(Model):
    """Newest first; at most 50 versions, of the last 90 days."""

    items: tuple[HistoryEntry, ...]


class RollbackRequest(Model):
    """`revision` is one of the resource's history."""

    revision: Annotated[int, Field(ge=1)]


class Prune(Model):
    """Delete what has these labels and is in no document. Without `kinds`: of every kind."""

    label_selector: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    kinds: Annotated[tuple[str, ...], Field(max_length=64)] | None = None


class BatchRequest(Model):
    """Resources to be created or replaced.

    With `atomic`, the default: all or none, at most 40 documents. Without it they are applied one by one in the order
    of their dependencies, and what was done before an error stays.
    """

    documents: Annotated[tuple[Document, ...], Field(max_length=1000)] = ()
    dry_run: bool = False
    allow_skew: bool = False
    atomic: bool = True
    prune: Prune | None = None


class BatchOutcome(Model):
    """What became of one document."""

    action: Action
    kind: str
    tenant: str
    name: str
    before: Document | None
    after: Document | None


class BatchAnswer(Model):
    """`revision` is the store's after the last write."""

    revision: int
    outcomes: tuple[BatchOutcome, ...]


class RevertRequest(Model):
    """Store revisions of earlier writes, as their answers gave them."""

    revisions: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=1000)]


class RevertOutcome(Model):
    """What became of one resource: as before the writes, gone as before them, or `kept` as it is, for a reason."""

    action: Literal["restored", "deleted", "kept"]
    kind: str
    tenant: str
    name: str
    reason: str


class RevertAnswer(Model):
    """`revision` is the store's after the last write; 0: nothing was written."""

    revision: int
    outcomes: tuple[RevertOutcome, ...]


class KeyRequest(Model):
    """A new API key of an application."""

    description: Text = ""
    expires_at: Timestamp | None = None


class KeyCreated(Model):
    """`key` is shown this once: only its digest is stored."""

    key: str
    credential: Document


class ResourceItems(Model):
    """Resources without paging."""

    items: tuple[Document, ...]


class RejectedResource(Model):
    """`resource` is `<tenant>/<Kind>/<name>`; empty: the replica named none."""

    resource: str
    reason: str


class Replica(Model):
    """A data-plane replica and the revision that it serves."""

    node: str
    gateway: str
    control_plane: str
    schema_version: int
    connected: bool
    connected_at: str
    revision: int
    content_hash: str
    acked_at: str
    state: Literal["Current", "Behind", "Quarantining", "Rejecting", "Disconnected"]
    rejected: tuple[RejectedResource, ...]


class ReplicaList(Model):
    """All replicas of the fleet; the same from every control plane."""

    items: tuple[Replica, ...]
    store_revision: int


class QuarantinedResource(Model):
    """A resource that a gateway's replicas refuse. `servedRevision` 0: they go without it."""

    resource: str
    gateway: str
    revision: int
    reason: str
    since: str
    served_revision: int


class QuarantineList(Model):
    """What is in quarantine now."""

    items: tuple[QuarantinedResource, ...]


class RunningControlPlane(Model):
    """A control plane that runs, as of a few seconds ago."""

    name: str
    version: str
    schema_version: int


class SystemStatus(Model):
    """This control plane and the fleet. `counts` has resources by kind, `replicas` and `quarantine`."""

    version: str
    schema_version: int
    epoch: str
    store_revision: int
    store: Literal["ok", "unavailable"]
    leader: str
    control_plane: str
    control_planes: tuple[RunningControlPlane, ...]
    counts: dict[str, int]


class PolicyVerdict(Model):
    """A policy that reaches the request, and whether it is in force."""

    policy: str
    kind: str
    through: str
    effective: bool
    lost_to: str | None
    reason: str


class PolicyExplanation(Model):
    """By kind of policy, winners first."""

    items: tuple[PolicyVerdict, ...]


class AuditChange(Model):
    """What was done to one thing. Revisions 0: there was, or is, none."""

    action: str
    kind: str
    tenant: str
    name: str
    before_revision: int
    after_revision: int


class AuditRecord(Model):
    """One write: who, when, in which request, and what was changed. `reverts`: revisions of writes that it undid."""

    id: str
    time: str
    actor: str
    request_id: str
    revision: int
    changes: tuple[AuditChange, ...]
    reverts: tuple[int, ...] = ()


class AuditPage(Model):
    """Newest first."""

    items: tuple[AuditRecord, ...]
    metadata: ListMetadata


class TokenRequest(Model):
    """A new admin token. `write` includes `read`, `admin` both."""

    description: Text = ""
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=3)]
    expires_at: Timestamp | None = None


class Token(Model):
    """An admin token, without what proves it."""

    id: str
    description: str
    scopes: tuple[str, ...]
    created_at: str
    created_by: str
    expires_at: str | None


class TokenCreated(Model):
    """`token` is shown this once: only its digest is stored."""

    token: str
    details: Token


class TokenList(Model):
    """All admin tokens."""

    items: tuple[Token, ...]


class RestoreStatus(Model):
    """A restore that would be made, is under way, or was the last one. `counts` by what becomes of what.

    `Unchanged`: the last restore was of this backup, and nothing has changed since. `by` is the id of an admin token.
    """

    state: Literal["None", "DryRun", "Unchanged", "Applying", "Finished"]
    backup: str
    epoch: str
    by: str
    started_at: str
    finished_at: str
    master_keys: tuple[str, ...]
    counts: dict[str, int]
    is_store_empty: bool


class EpochAnnounced(Model):
    """The store's new epoch, which replicas take."""

    epoch: str


class ProblemField(Model):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Model):
    """An error. `code` is for programs, `detail` for people. Source: RFC 9457."""

    title: str
    status: int
    code: str
    detail: str
    errors: tuple[ProblemField, ...] = ()
    request_id: str = ""


class Health(Model):
    """`status` is `ok`, or says what is missing."""

    status: str


MODELS: tuple[type[Model], ...] = (
    ResourceStatus,
    ListMetadata,
    History,
    RollbackRequest,
    BatchRequest,
    BatchAnswer,
    RevertRequest,
    RevertAnswer,
    KeyRequest,
    KeyCreated,
    ResourceItems,
    RestoreStatus,
    EpochAnnounced,
    ReplicaList,
    QuarantineList,
    SystemStatus,
    PolicyExplanation,
    AuditPage,
    TokenRequest,
    TokenCreated,
    TokenList,
    Problem,
    Health,
)
