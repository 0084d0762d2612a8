"""Tokens that are sent as they are: `authorization: Bearer`."""

from data_plane.providers.credential import Outgoing, Proof
from data_plane.providers.token import TokenSource

UNAUTHORIZED = 401


class Bearer:
    """A token's source at work. Implements `Credential`. A value of the source is a whole header line."""

    __slots__ = ("_line", "_proof", "_source", "is_fixed")

    def __init__(self, source: TokenSource[bytes]) -> None:
        self.is_fixed = False
        self._source = source
        self._line = b""
        self._proof = Proof(b"")  # of that line

    def prove(self, outgoing: Outgoing) -> Proof | None:
        line = self._source.current()
        if line is None:
            return None
        if line is not self._line:
            self._line, self._proof = line, Proof(line, self._source.generation)
        return self._proof

    async def ready(self) -> None:
        await self._source.ready()

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        """403 and 429 are about the account: another token would be told the same."""
        return status == UNAUTHORIZED and self._source.invalidate(key)
