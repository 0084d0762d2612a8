"""Who a digest belongs to: credentials joined with their applications, once per credential and revision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_plane.errors import NotProgrammed
from data_plane.exchange import Identity
from data_plane.identity.credential_table import Credential, CredentialTable

MAX_IDENTITIES = 65_536  # that are in use in one revision; beyond, they are made anew


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What is known of an application. `problem` says why it cannot be served, if so."""

    tenant: str
    name: str
    team: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    models: frozenset[str] | None = None
    routes: frozenset[str] | None = None
    problem: str = ""


class Directory:
    """One revision's. `policy_set` gives the index of the set of policies that reach a credential."""

    def __init__(
        self,
        credentials: CredentialTable,
        applications: Mapping[str, ApplicationFacts],
        policy_set: Callable[[Credential, ApplicationFacts], int],
    ) -> None:
        self._credentials = credentials
        self._applications = applications
        self._policy_set = policy_set
        self._known: dict[bytes, tuple[Identity, float]] = {}
        self._anonymous: dict[str, Identity] = {}

    def find(self, digest: bytes, now: float) -> Identity | None:
        """The identity, if the key is valid at `now`, in seconds since 1970.

        Raises:
            NotProgrammed: the key is valid, but what it belongs to cannot be served.
        """
        known = self._known.get(digest)
        if known is None:
            known = self._join(digest)
            if known is None:
                return None
        identity, expires = known
        return identity if now < expires else None

    def tenant_of(self, digest: bytes) -> str | None:
        """Whose key it is, whether or not it may be used; None: nobody's."""
        known = self._known.get(digest)
        if known is not None:
            return known[0].tenant
        row = self._credentials.find(digest)
        return Credential.unpack(row).tenant if row is not None else None

    def anonymous(self, tenant: str) -> Identity:
        """Whoever calls a tenant's route without a credential."""
        identity = self._anonymous.get(tenant)
        if identity is None:
            identity = self._anonymous[tenant] = Identity(tenant, "", "", "", "Anonymous")
        return identity

    def _join(self, digest: bytes) -> tuple[Identity, float] | None:
        row = self._credentials.find(digest)
        if row is None:
            return None
        credential = Credential.unpack(row)
        application = self._applications.get(f"{credential.tenant}/Application/{credential.application}")
        if application is None or application.problem:
            # An application that is not there may have had limits and lists: nobody may pass without them.
            raise NotProgrammed("the application of this API key is not served yet")
        identity = Identity(
            credential.tenant,
            application.team,
            application.name,
            credential.name,
            "ApiKey",
            application.labels,
            application.models,
            application.routes,
            self._policy_set(credential, application),
        )
        if len(self._known) >= MAX_IDENTITIES:
            self._known.clear()
        self._known[digest] = known = (identity, credential.expires)
        return known
