"""Providers that want no proof, or get it from what stands before them."""

from dataclasses import dataclass

from data_plane.providers.credential import Outgoing, Proof

NOTHING = Proof(b"")


@dataclass(frozen=True, slots=True)
class NoCredential:
    """Sends nothing. Implements `CredentialSpec`."""

    def start(self) -> "Unproved":
        return Unproved()


class Unproved:
    """At work. Implements `Credential`."""

    def __init__(self) -> None:
        self.is_fixed = True

    def prove(self, outgoing: Outgoing) -> Proof | None:
        return NOTHING

    async def ready(self) -> None:
        return None

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        return False
