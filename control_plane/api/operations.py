"""All operations of the REST API: the one table behind routes, scopes, metrics and the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass

from config_schemas.base import PLATFORM_TENANT, Resource
from config_schemas.registry import KINDS
from control_plane.identity.actor import Scope

PRECONDITION = ("If-Match",)
IDEMPOTENT = ("Idempotency-Key",)
LIST_QUERY = ("labelSelector", "limit", "continue", "watch", "resourceVersion")
WRITE_QUERY = ("dryRun", "allowSkew")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `action` names its handler; `scope` None: no token is needed.

    `request` and `answer` are names of component schemas; empty: no body.
    """

    id: str
    action: str
    method: str
    path: str
    scope: Scope | None
    tag: str
    summary: str
    kind: type[Resource] | None = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    request: str = ""
    answer: str = ""
    success: int = 200
    errors: tuple[int, ...] = ()
    streams: bool = False  # may answer with server-sent events
    from_memory: bool = False  # answers also while the store is away
    sends: str = ""  # the media type of a request that is no JSON
    gives: str = ""  # the media type of an answer that is no JSON

    @property
    def all_errors(self) -> tuple[int, ...]:
        """Every error status it may answer with."""
        usual = {400, 401, 403, 405, 429, 500, 503} if self.scope else {405}
        if self.request or self.sends:
            usual |= {408, 413, 415, 422}
        return tuple(sorted(usual | set(self.errors)))


def _kind_operations(kind: type[Resource]) -> Iterator[Operation]:
    name, schema, plural = kind.KIND, kind.__name__, kind.PLURAL
    many = "Policies" if plural.endswith("policies") else plural[:1].upper() + plural[1:]
    if plural.endswith("policies"):
        many = f"{name.removesuffix('y')}ies"
    tenant = PLATFORM_TENANT if kind.SCOPE == "Platform" else "{tenant}"
    all_of = f"/v1/tenants/{tenant}/{plural}"
    one = f"{all_of}/{{name}}"

    def make(id: str, action: str, method: str, path: str, scope: Scope, summary: str, **more: object) -> Operation:
        return Operation(id, action, method, path, scope, plural, summary, kind, **more)  # type: ignore[arg-type]

    listing = {"query": LIST_QUERY, "answer": f"{schema}List", "streams": True, "errors": (410,)}
    yield make(
        f"listAll{many}", "list", "GET", f"/v1/{plural}", "read", f"List or watch {plural} of all tenants", **listing
    )
    yield make(f"list{many}", "list", "GET", all_of, "read", f"List or watch {plural} of a tenant", **listing)
    yield make(
        f"create{name}", "create", "POST", all_of, "write", f"Create a {name}",
        query=WRITE_QUERY, headers=IDEMPOTENT, request=schema, answer=schema, success=201, errors=(409,),
    )  # fmt: skip
    yield make(f"get{name}", "get", "GET", one, "read", f"Read a {name}", answer=schema, errors=(404,))
    yield make(
        f"replace{name}", "replace", "PUT", one, "write", f"Create or replace a {name}",
        query=WRITE_QUERY, headers=("If-Match", "If-None-Match"), request=schema, answer=schema, errors=(404, 409, 412),
    )  # fmt: skip
    yield make(
        f"patch{name}", "patch", "PATCH", one, "write", f"Change fields of a {name} (JSON merge patch, RFC 7396)",
        query=WRITE_QUERY, headers=PRECONDITION, request="MergePatch", answer=schema, errors=(404, 409, 412),
    )  # fmt: skip
    yield make(
        f"delete{name}", "delete", "DELETE", one, "write", f"Delete a {name}; answers with what it was",
        query=WRITE_QUERY, headers=PRECONDITION, answer=schema, errors=(404, 409, 412),
    )  # fmt: skip
    yield make(
        f"list{name}History", "history", "GET", f"{one}/history", "read", f"List earlier versions of a {name}",
        answer="History", errors=(404,),
    )  # fmt: skip
    yield make(
        f"rollback{name}", "rollback", "POST", f"{one}/rollback", "write", f"Restore an earlier version of a {name}",
        query=WRITE_QUERY, headers=IDEMPOTENT, request="RollbackRequest", answer=schema, errors=(404, 409, 410),
    )  # fmt: skip


_KEYS = "/v1/tenants/{tenant}/applications/{application}/keys"
_POLICY_QUERY = ("tenant", "gateway", "route", "model", "version", "service", "application", "credential")

_OTHERS = (
    Operation(
        "applyBatch", "batch", "POST", "/v1/batch", "write", "batch", "Create or replace many resources, all or none",
        headers=IDEMPOTENT, request="BatchRequest", answer="BatchAnswer", errors=(409,),
    ),
    Operation(
        "diffBatch", "diff", "POST", "/v1/batch/diff", "read", "batch", "Check a batch, and show what it would change",
        request="BatchRequest", answer="BatchAnswer", errors=(409,),
    ),
    Operation(
        "revertWrites", "revert", "POST", "/v1/batch/revert", "write", "batch",
        "Undo writes by their revisions, but for what somebody has changed since",
        headers=IDEMPOTENT, request="RevertRequest", answer="RevertAnswer", errors=(404,),
    ),
    Operation(
        "createKey", "create_key", "POST", _KEYS, "write", "keys", "Create an API key; the only time that it is shown",
        headers=IDEMPOTENT, request="KeyRequest", answer="KeyCreated", success=201, errors=(404, 409),
    ),
    Operation(
        "listKeys", "list_keys", "GET", _KEYS, "read", "keys", "List the credentials of an application",
        answer="ResourceItems", errors=(404,),
    ),
    Operation(
        "revokeKey", "revoke_key", "DELETE", f"{_KEYS}/{{credential}}", "write", "keys", "Revoke an API key",
        answer="Credential", errors=(404, 409),
    ),
    Operation(
        "listReplicas", "replicas", "GET", "/v1/replicas", "read", "fleet", "List replicas and what each serves",
        answer="ReplicaList", from_memory=True,
    ),
    Operation(
        "listQuarantine", "quarantine", "GET", "/v1/quarantine", "read", "fleet", "List resources that replicas refuse",
        answer="QuarantineList", from_memory=True,
    ),
    Operation(
        "getStatus", "status", "GET", "/v1/status", "read", "fleet", "Read the state of the control plane",
        answer="SystemStatus", from_memory=True,
    ),
    Operation(
        "watchEvents", "events", "GET", "/v1/events", "read", "fleet",
        "Watch what happens: changes, acks, refusals, replicas, leaders", streams=True, from_memory=True,
    ),
    Operation(
        "explainPolicy", "explain_policy", "GET", "/v1/explain-policy", "read", "policies",
        "Explain which policies are in force for a request, and which are not", query=_POLICY_QUERY,
        answer="PolicyExplanation", errors=(404,), from_memory=True,
    ),
    Operation(
        "listAudit", "audit", "GET", "/v1/audit", "admin", "audit", "List who changed what",
        query=("tenant", "limit", "continue"), answer="AuditPage",
    ),
    Operation(
        "listTokens", "list_tokens", "GET", "/v1/tokens", "admin", "tokens", "List admin tokens", answer="TokenList",
    ),
    Operation(
        "createToken", "create_token", "POST", "/v1/tokens", "admin", "tokens",
        "Create an admin token; the only time that it is shown",
        headers=IDEMPOTENT, request="TokenRequest", answer="TokenCreated", success=201,
    ),
    Operation(
        "revokeToken", "revoke_token", "DELETE", "/v1/tokens/{id}", "admin", "tokens", "Revoke an admin token",
        success=204, errors=(404,),
    ),
    Operation(
        "exportBackup", "backup", "GET", "/v1/backup", "admin", "backup",
        "Read a backup of the store: resources, admin tokens, history, audit log; Secrets stay sealed",
        query=("history", "audit"), gives="application/vnd.isthmus.backup", errors=(410,),
    ),
    Operation(
        "restoreBackup", "restore", "PUT", "/v1/restore", "admin", "backup",
        "Make the store what a backup says, and have replicas take it; the leader finishes what this begins",
        query=("accept", "dryRun"), sends="application/vnd.isthmus.backup", answer="RestoreStatus", errors=(409, 410),
    ),
    Operation(
        "getRestore", "restore_status", "GET", "/v1/restore", "admin", "backup",
        "Read how the restore goes that is under way, or how the last one went", answer="RestoreStatus",
    ),
    Operation(
        "announceEpoch", "announce_epoch", "POST", "/v1/epoch", "admin", "backup",
        "Have replicas take what the store has, after etcd itself was put back", headers=IDEMPOTENT,
        answer="EpochAnnounced", errors=(409,),
    ),
    Operation(
        "getSnapshot", "snapshot", "GET", "/v1/tenants/platform/gateways/{name}/snapshot", "admin", "gateways",
        "Read a bootstrap snapshot for new replicas of a Gateway, sealed under their group's key",
        query=("schemaVersion",), gives="application/vnd.isthmus.snapshot", errors=(404, 409),
    ),
    Operation("getHealth", "healthz", "GET", "/healthz", None, "health", "Whether the process lives", answer="Health"),
    Operation(
        "getReadiness", "readyz", "GET", "/readyz", None, "health", "Whether the configuration is loaded",
        answer="Health", errors=(503,),
    ),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (
    *(operation for kind in KINDS.values() for operation in _kind_operations(kind)),
    *_OTHERS,
)
