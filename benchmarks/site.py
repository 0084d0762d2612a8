"""Where one server of a bench is put."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """A folder of its own, the port to listen on, and that of the upstream."""

    folder: Path
    port: int
    upstream: int = 0
