"""Where everything lies in the store.

A resource lies at `/isthmus/v1/<tenant>/<Kind>/<name>`. Everything else lies under a first part that begins with `_`,
which no tenant can be called.
"""

from typing import NamedTuple

from config_schemas.canonical import PATH_PREFIX
from config_schemas.registry import KINDS

HISTORY_PREFIX = f"{PATH_PREFIX}_history/"
AUDIT_PREFIX = f"{PATH_PREFIX}_audit/"
TOKENS_PREFIX = f"{PATH_PREFIX}_tokens/"
IDEMPOTENCY_PREFIX = f"{PATH_PREFIX}_idempotency/"
LEADER_KEY = f"{PATH_PREFIX}_leader"
SEAL_CHECK_KEY = f"{PATH_PREFIX}_system/seal-check"
INITIALISED_KEY = f"{PATH_PREFIX}_system/initialised"
BOOTSTRAP_KEY = f"{PATH_PREFIX}_system/bootstrap-token"
RESTORE_KEY = f"{PATH_PREFIX}_system/restore-under-way"  # while it is there, what the store has is half of two sets
RESTORED_KEY = f"{PATH_PREFIX}_system/restored"
STAGE_PREFIX = f"{PATH_PREFIX}_restore/"
STAGING_PREFIX = f"{PATH_PREFIX}_staging/"
GUARDS_PREFIX = f"{PATH_PREFIX}_guards/"


class ResourceName(NamedTuple):
    """Which resource. `str()` gives its path, `<tenant>/<Kind>/<name>`."""

    tenant: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.kind}/{self.name}"


def resource_key(path: str) -> str:
    return PATH_PREFIX + path


def find_resource_name(key: str) -> ResourceName | None:
    """None: the key is not that of a resource of a known kind."""
    parts = key.removeprefix(PATH_PREFIX).split("/")
    if not key.startswith(PATH_PREFIX) or len(parts) != 3 or not all(parts):
        return None
    name = ResourceName(*parts)
    return name if name.kind in KINDS and not name.tenant.startswith("_") else None


def is_resource_name(name: ResourceName) -> bool:
    """Whether a resource can be called so: a name from an address may hold anything, as a `/`."""
    return find_resource_name(resource_key(str(name))) == name


def kind_prefix(tenant: str, kind: str) -> str:
    """What the keys of a tenant's resources of one kind begin with."""
    return f"{PATH_PREFIX}{tenant}/{kind}/"


def history_prefix(path: str) -> str:
    return f"{HISTORY_PREFIX}{path}/"


def references_guard(tenant: str) -> str:
    """Written with each reference, one more or less, to a resource of the tenant, or to the tenant itself.

    Who deletes compares it, so that nothing is removed while a reference to it comes into being.
    """
    return f"{PATH_PREFIX}_guards/references/{tenant}"


def claims_guard(tenant: str, kind: str) -> str:
    """Written with each claim, one more or less, of a resource of the kind in the tenant. Who claims compares it."""
    return f"{PATH_PREFIX}_guards/claims/{tenant}/{kind}"


def credential_hash_key(hash: str) -> str:
    """Exists while a Credential has this hash; its value is the Credential's path."""
    return f"{PATH_PREFIX}_unique/credential-hash/{hash}"


def token_key(id: str) -> str:
    return TOKENS_PREFIX + id


def idempotency_key(hash: str) -> str:
    return IDEMPOTENCY_PREFIX + hash
