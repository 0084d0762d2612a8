"""Folders that stand for a pod's volumes, with the layout that a kubelet gives them. Source: kubernetes.io, "Volumes".

Files of Secrets and ConfigMaps are links through `..data`, which moves in one step when the object changes.
"""

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.fakes.kubernetes_api import KubernetesApi

Json = dict[str, Any]
Files = dict[str, tuple[bytes, int]]  # content and mode, by path in the volume

DEFAULT_MODE = 0o644
MADE_ONCE = {"emptyDir", "persistentVolumeClaim"}


class NotYet(Exception):
    """What a pod refers to is not there; a kubelet waits."""


class PodVolumes:
    """The volumes of one pod: a folder for them, and one for claims. `told` changes the texts of ConfigMaps."""

    def __init__(self, api: KubernetesApi, pod: Json, folders: tuple[Path, Path], told: Callable[[str], str]) -> None:
        self._api, self._pod, self._told = api, pod, told
        self._folder, self._claims = folders
        self.token = b""  # of the pod's service account
        self._shown: dict[str, Files] = {}
        self._turn = 0

    def __iter__(self) -> Iterator[Json]:
        return iter(self._pod["spec"].get("volumes", []))

    def path(self, name: str) -> Path:
        """The folder of a volume."""
        volume = next(each for each in self if each["name"] == name)
        if "persistentVolumeClaim" in volume:
            return self._claims / str(volume["persistentVolumeClaim"]["claimName"])
        return self._folder / name

    def bring_up_to_date(self) -> None:
        """Make what is missing and show what changed.

        Raises:
            NotYet: a Secret or ConfigMap is not there.
        """
        for volume in self:
            (kind,) = volume.keys() - {"name"}
            folder = self.path(volume["name"])
            folder.mkdir(parents=True, exist_ok=True)
            if kind in MADE_ONCE:
                continue
            files = self._files(kind, volume[kind])
            if self._shown.get(volume["name"]) != files:
                self._show(folder, files)
                self._shown[volume["name"]] = files

    def _show(self, folder: Path, files: Files) -> None:
        self._turn += 1
        data = folder / f"..{self._turn}"
        for name, (content, mode) in files.items():
            file = data / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(mode)
        data.mkdir(exist_ok=True)
        before = folder / "..data"
        old = before.resolve() if before.is_symlink() else None
        link = folder / "..data_tmp"
        link.symlink_to(data.name)
        link.replace(before)
        for name in {each.partition("/")[0] for each in files}:
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(f"..data/{name}")
        for shown in folder.iterdir():
            if shown.is_symlink() and not shown.exists():
                shown.unlink()
        if old is not None:
            shutil.rmtree(old)

    def _files(self, kind: str, source: Json) -> Files:
        match kind:
            case "secret" | "configMap":
                name = source["secretName" if kind == "secret" else "name"]
                return self._keys(kind, name, source, source.get("defaultMode", DEFAULT_MODE))
            case "projected":
                files: Files = {}
                for each in source["sources"]:
                    ((part, inner),) = each.items()
                    files |= self._projected(part, inner, source.get("defaultMode", DEFAULT_MODE))
                return files
            case "downwardAPI":
                return self._downward(source, source.get("defaultMode", DEFAULT_MODE))
        raise AssertionError(f"a volume of kind {kind}")

    def _projected(self, part: str, inner: Json, mode: int) -> Files:
        if part == "serviceAccountToken":
            path: str = inner["path"]
            return {path: (self.token, mode)}
        if part == "downwardAPI":
            return self._downward(inner, mode)
        return self._keys(part, inner["name"], inner, mode)

    def _keys(self, kind: str, name: str, source: Json, mode: int) -> Files:
        document = self._api.find("Secret" if kind == "secret" else "ConfigMap", name, self._namespace)
        if document is None:
            if source.get("optional"):
                return {}
            raise NotYet(f"{kind} {name!r} not found")
        if kind == "secret":
            data = {key: base64.b64decode(value) for key, value in document.get("data", {}).items()}
        else:
            data = {key: self._told(text).encode() for key, text in document.get("data", {}).items()}
        data |= {key: base64.b64decode(value) for key, value in document.get("binaryData", {}).items()}
        if "items" not in source:
            return {key: (content, mode) for key, content in data.items()}
        missing = [each["key"] for each in source["items"] if each["key"] not in data]
        if missing and not source.get("optional"):
            raise NotYet(f"{kind} {name!r} has no key {missing[0]!r}")
        return {
            each["path"]: (data[each["key"]], each.get("mode", mode)) for each in source["items"] if each["key"] in data
        }

    def _downward(self, source: Json, mode: int) -> Files:
        return {each["path"]: (field(self._pod, each["fieldRef"]).encode(), mode) for each in source["items"]}

    @property
    def _namespace(self) -> str:
        return str(self._pod["metadata"]["namespace"])


def field(pod: Json, reference: Json) -> str:
    """What a `fieldRef` gives."""
    path = reference["fieldPath"]
    name, _, key = path.partition("['")
    value: Any = pod
    for each in name.split("."):
        value = value.get(each, {})
    return str(value.get(key.removesuffix("']"), "") if key else value)


def plain(value: str) -> str:
    """The text of a value of a Secret."""
    return base64.b64decode(value).decode()
