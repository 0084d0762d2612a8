"""Who asks the control plane for something."""

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)  # each includes those before it


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is that of the admin token, or `system/<duty>`. `request_id` is that of the request in which it acts."""

    id: str
    scopes: frozenset[Scope] = frozenset()
    request_id: str = ""

    def has(self, scope: Scope) -> bool:
        return any(scope in SCOPES[: SCOPES.index(own) + 1] for own in self.scopes)
