"""Names of resources out of names that anybody gave: always the same ones, and never the same for two."""

import hashlib
import re
from collections.abc import Iterable

from config_schemas.base import NAME_PATTERN

MAX_CHARACTERS = 63
DIGEST_CHARACTERS = 8
_NAME = re.compile(NAME_PATTERN)


class ResourceNames:
    """Names of one kind. Give it all names that are to be kept as they are first, with `reserve`."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}  # by resource name, what was given
        self._names: dict[str, str] = {}

    def reserve(self, given: Iterable[str]) -> None:
        """What is a valid name already keeps it, wherever in a list it stands."""
        for each in given:
            if is_name(each):
                self._take(each, each)

    def name(self, given: str) -> str:
        """The same for the same text."""
        known = self._names.get(given)
        if known is not None:
            return known
        plain = slug(given)
        if self._take(plain, given):
            return plain
        for attempt in range(1 << 16):
            digest = hashlib.sha256(f"{given}\0{attempt}".encode()).hexdigest()[:DIGEST_CHARACTERS]
            longer = f"{plain[: MAX_CHARACTERS - DIGEST_CHARACTERS - 1].rstrip('-.')}-{digest}"
            if self._take(longer, given):
                return longer
        raise AssertionError("digests do not end")

    def _take(self, name: str, given: str) -> bool:
        if self._holders.setdefault(name, given) != given:
            return False
        self._names[given] = name
        return True


def is_name(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and _NAME.fullmatch(text) is not None


def slug(text: str) -> str:
    """The nearest valid name."""
    found = re.sub(r"[^a-z0-9.]+", "-", text.lower())
    return found[:MAX_CHARACTERS].strip("-.") or "unnamed"
