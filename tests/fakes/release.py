"""The programs of an earlier release, run with our dependencies."""

import tarfile
from collections.abc import Mapping
from pathlib import Path

RELEASES = Path(__file__).parents[1] / "golden" / "releases"


class Release:
    """An earlier release, unpacked into a folder of the test's own."""

    def __init__(self, schema_version: int, folder: Path) -> None:
        self.schema_version = schema_version
        self._root = folder / f"schema-{schema_version}"
        with tarfile.open(RELEASES / f"schema-{schema_version}.tar.xz") as archive:
            archive.extractall(self._root, filter="data")

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes `python -m` find it, in place of what is here or compiled."""
        return {"PYTHONPATH": f"{self._root}:{self._root / 'proto'}", "PYTHONSAFEPATH": "1"}
