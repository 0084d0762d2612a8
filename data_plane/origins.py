"""Which pages may call: exactly named origins, all below a domain, or any."""

import re

from data_plane.exchange import Request

ANY = "*"


class Origins:
    """Tells what to answer a page."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._takes_any = ANY in allowed
        self._exact = frozenset(each.encode() for each in allowed if "*" not in each)
        wildcards = [re.escape(each).replace(r"\*\.", r"(?:[a-z0-9_-]+\.)+") for each in allowed if "*." in each]
        self._is_below = re.compile("|".join(wildcards).encode()).fullmatch if wildcards else None

    def answer(self, request: Request) -> bytes | None:
        """The value of `access-control-allow-origin`; None for a page that may not read anything, and for no page."""
        origin = request.headers.get(b"origin")
        if origin is None:
            return None
        if self._takes_any:
            return b"*"
        if origin in self._exact or (self._is_below is not None and self._is_below(origin)):
            return origin
        return None
