"""API keys: one, or several in turn, of which those that a provider has refused pause."""

from dataclasses import dataclass

from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.credential import Outgoing, Proof
from data_plane.providers.key_line import can_be_sent, key_line

MAX_COOLDOWN_SECONDS = 3600.0  # for a provider that asks for more, and for a key that stays refused
MIN_COOLDOWN_SECONDS = 1.0
REFUSED_COOLDOWN_SECONDS = 60.0  # after 401 or 403: someone has to act, or it was this one request
DEFAULT_COOLDOWN_SECONDS = 30
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True, repr=False)
class ApiKeys:
    """Implements `CredentialSpec`. `header`: where keys go; empty is where the API wants them.

    `cooldown_seconds`: how long a key pauses after a 429 that does not say so itself.
    """

    keys: tuple[str, ...]
    header: str = ""
    cooldown_seconds: int = DEFAULT_COOLDOWN_SECONDS

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: there is no key, or a header cannot carry one.
        """
        if not self.keys or not all(can_be_sent(key) for key in self.keys):
            raise ValueError("the secret has characters that no header can carry")

    def start(self) -> "FixedKey | KeyRing":
        return FixedKey(self.keys[0], self.header) if len(self.keys) == 1 else KeyRing(self)


class FixedKey:
    """One key. Implements `Credential`."""

    __slots__ = ("_header", "_key", "_proofs", "is_fixed")

    def __init__(self, key: str, header: str = "") -> None:
        self.is_fixed = True
        self._key = key
        self._header = header
        self._proofs: dict[str, Proof] = {}  # by the header of the surface, of which there are few

    def prove(self, outgoing: Outgoing) -> Proof | None:
        header = self._header or outgoing.key_header
        proof = self._proofs.get(header)
        if proof is None:
            proof = self._proofs[header] = Proof(key_line(header, self._key))
        return proof

    async def ready(self) -> None:
        return None

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        return False


class KeyRing:
    """Several keys, taken in turn. Implements `Credential`.

    A key pauses after a refusal; when all do, the one that is free soonest is taken: the provider knows better than we
    do whether it refuses again.
    """

    __slots__ = ("_clock", "_free_at", "_pauses", "_proofs", "_spec", "_turn", "is_fixed")

    def __init__(self, spec: ApiKeys, clock: Clock = SYSTEM_CLOCK) -> None:
        self.is_fixed = False
        self._spec = spec
        self._clock = clock
        self._turn = -1
        self._free_at = [0.0] * len(spec.keys)  # 0: not paused
        self._pauses = [0.0] * len(spec.keys)  # seconds of the last one after a 401 or 403
        self._proofs: dict[str, tuple[Proof, ...]] = {}

    def prove(self, outgoing: Outgoing) -> Proof | None:
        header = self._spec.header or outgoing.key_header
        proofs = self._proofs.get(header)
        if proofs is None:
            lines = [key_line(header, key) for key in self._spec.keys]
            proofs = self._proofs[header] = tuple(Proof(line, number) for number, line in enumerate(lines))
        self._turn = self._next()
        return proofs[self._turn]

    async def ready(self) -> None:
        return None

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        now = self._clock.monotonic()
        if status == TOO_MANY_REQUESTS:
            self._pause(key, now, _bounded(retry_after_seconds, self._spec.cooldown_seconds))
        elif self._free_at[key] <= now:  # else it was sent before the first refusal came: no new one
            self._pauses[key] = self._longer_pause(key, now)
            self._pause(key, now, max(self._pauses[key], retry_after_seconds or 0.0))
        return min(self._free_at) <= now  # this one pauses

    def _next(self) -> int:
        count = len(self._free_at)
        now = self._clock.monotonic() if any(self._free_at) else 0.0
        for step in range(1, count + 1):
            number = (self._turn + step) % count
            if self._free_at[number] <= now:
                return number
        return min(range(count), key=self._free_at.__getitem__)

    def _pause(self, key: int, now: float, seconds: float) -> None:
        until = now + min(seconds, MAX_COOLDOWN_SECONDS)
        self._free_at[key] = max(self._free_at[key], until)

    def _longer_pause(self, key: int, now: float) -> float:
        """Twice the last one, unless the key has worked for as long since."""
        last = self._pauses[key]
        if not last or now - self._free_at[key] > last:
            return REFUSED_COOLDOWN_SECONDS
        return min(2 * last, MAX_COOLDOWN_SECONDS)


def _bounded(asked: float | None, default: float) -> float:
    return max(default if asked is None else asked, MIN_COOLDOWN_SECONDS)
