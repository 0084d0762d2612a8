"""Certificate files as Kubernetes mounts a Secret: links through `..data`, which one rename exchanges together."""

import os
from pathlib import Path


class MountedSecret:
    """The folder of one mounted Secret."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._version = 0
        folder.mkdir(parents=True)

    def write(self, **files: bytes) -> None:
        """Exchange the whole content; `tls_crt` becomes `tls.crt`. What is not named is gone."""
        self._version += 1
        names = {name.replace("_", "."): content for name, content in files.items()}
        version = self.folder / f"..{self._version}"
        version.mkdir()
        for name, content in names.items():
            (version / name).write_bytes(content)
        link = self.folder / "..data_tmp"
        link.symlink_to(version.name)
        os.rename(link, self.folder / "..data")
        for name in names:
            file = self.folder / name
            if not file.is_symlink():
                file.symlink_to(f"..data/{name}")

    def __truediv__(self, name: str) -> Path:
        return self.folder / name
