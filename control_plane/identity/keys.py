"""API keys: made once, shown once, stored as a digest in a Credential."""

from dataclasses import dataclass, field

from config_schemas.base import Metadata, Reference
from config_schemas.identity.credential import Credential, CredentialSpec
from control_plane.identity.token_text import RandomBytes, find_id, mint

PREFIX = "isk"


@dataclass(frozen=True, slots=True)
class NewKey:
    """`key` is the only copy of the plain text."""

    key: str = field(repr=False)
    credential: Credential


class ApiKeys:
    """Makes keys. Writing their Credentials is the caller's."""

    def __init__(self, random_bytes: RandomBytes | None = None) -> None:
        self._random_bytes = random_bytes

    def create(self, tenant: str, application: str, *, description: str = "", expires_at: str | None = None) -> NewKey:
        """A key for an application, with the Credential that proves it."""
        minted = mint(PREFIX, self._random_bytes) if self._random_bytes else mint(PREFIX)
        credential = Credential(
            metadata=Metadata(name=f"key-{minted.id}", tenant=tenant),
            spec=CredentialSpec(
                application_ref=Reference(name=application),
                hash=minted.hash,
                expires_at=expires_at,
                description=description,
            ),
        )
        return NewKey(minted.text, credential)


def is_well_formed(key: str) -> bool:
    """Whether this can be an API key of ours at all."""
    return find_id(PREFIX, key) is not None
