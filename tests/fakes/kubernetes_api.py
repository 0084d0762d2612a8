"""A Kubernetes API in memory: discovery, reading, writing, watching; enough for helm and kubectl.

It knows no admission, no schemas, no conflicts between managers, and runs nothing: `cluster.py` does. What it refuses
as the real one does: objects in a namespace that is not there, and changes of fields that must not change.
"""

import base64
import copy
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.kubernetes_patch import apply, merge, strategic_merge

Json = dict[str, Any]

KINDS: dict[str, list[str]] = {
    "v1": ["ConfigMap", "Event", "Namespace", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment", "ReplicaSet", "StatefulSet"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "batch/v1": ["CronJob", "Job"],
    "cert-manager.io/v1": ["Certificate", "Issuer"],
    "gateway.networking.k8s.io/v1": ["HTTPRoute"],
    "monitoring.coreos.com/v1": ["PodMonitor", "PrometheusRule", "ServiceMonitor"],
    "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
    "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
}
CLUSTER_WIDE = {"Namespace"}
MUTABLE_SPEC = {
    "StatefulSet": {
        *("replicas", "template", "updateStrategy", "minReadySeconds", "ordinals"),
        "persistentVolumeClaimRetentionPolicy",
    },
}
IMMUTABLE: dict[str, list[tuple[str, ...]]] = {
    "Deployment": [("spec", "selector")],
    "Job": [("spec", "template"), ("spec", "selector"), ("spec", "completions")],
    "Secret": [("type",)],
    "Service": [("spec", "clusterIP")],
    "PersistentVolumeClaim": [("spec", "storageClassName"), ("spec", "accessModes")],
}


def plural(kind: str) -> str:
    """The name that a kind has in paths."""
    lower = kind.lower()
    if lower.endswith(("s", "ss")):
        return lower + "es"
    return lower[:-1] + "ies" if lower.endswith("y") else lower + "s"


PLURALS = {plural(kind): (version, kind) for version, kinds in KINDS.items() for kind in kinds}


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason

    @property
    def status(self) -> Json:
        return {
            **{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"},
            **{"reason": self.reason, "code": self.code, "message": str(self)},
        }


@dataclass(frozen=True, slots=True)
class Key:
    """Where an object is."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """A change that watchers are told."""

    revision: int
    type: str
    key: Key
    object: Json


@dataclass
class KubernetesApi:
    """Objects, and what happened to them. Every object that is given out is a copy."""

    objects: dict[Key, Json] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    logs: dict[str, Path] = field(default_factory=dict)  # files with what pods have printed, by the pod's name
    has_kubelet: bool = False  # then a pod that is deleted goes when what runs it says so
    closed: bool = False

    def __post_init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._applied: dict[tuple[Key, str], Json] = {}
        self._addresses = 0
        for name in ("default", "kube-system"):
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "")

    def find(self, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object of that name; in any namespace if none is given."""
        with self.changed:
            for key, there in self.objects.items():
                if (key.kind, key.name) == (kind, name) and namespace in ("", key.namespace):
                    return copy.deepcopy(there)
        return None

    def list(self, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Json]:
        """Objects that have all of `labels`, by name."""
        with self.changed:
            return [
                copy.deepcopy(there)
                for key, there in sorted(self.objects.items(), key=lambda each: (each[0].namespace, each[0].name))
                if key.kind == kind
                and namespace in ("", key.namespace)
                and (labels or {}).items() <= there["metadata"].get("labels", {}).items()
            ]

    def create(self, sent: Json, namespace: str) -> Json:
        """Store a new object.

        Raises:
            Refused: it is there already, or its namespace is not.
        """
        key = self._key(sent, namespace)
        with self.changed:
            if key in self.objects:
                raise Refused(409, "AlreadyExists", f"{plural(key.kind)} {key.name!r} already exists")
            if key.namespace and Key("Namespace", "", key.namespace) not in self.objects:
                raise Refused(404, "NotFound", f"namespaces {key.namespace!r} not found")
            new = copy.deepcopy(sent)
            new["metadata"].update(uid=str(uuid.uuid4()), creationTimestamp="2026-01-01T00:00:00Z", generation=1)
            if key.namespace:
                new["metadata"]["namespace"] = key.namespace
            self._complete(new)
            return self._store("ADDED", key, new)

    def replace(self, key: Key, new: Json) -> Json:
        """Put another version in an object's place.

        Raises:
            Refused: there is none, or a field changed that must not.
        """
        with self.changed:
            old = self.objects.get(key)
            if old is None:
                raise _not_found(key)
            new = copy.deepcopy(new)
            read = new.get("metadata", {}).get("resourceVersion")
            if read and read != old["metadata"]["resourceVersion"]:
                raise Refused(409, "Conflict", f"{plural(key.kind)} {key.name!r}: the object has been modified")
            kept = {name: old["metadata"][name] for name in ("uid", "creationTimestamp", "generation")}
            new["metadata"] = {**new.get("metadata", {}), **kept, "name": key.name}
            if key.namespace:
                new["metadata"]["namespace"] = key.namespace
            new = {**{"apiVersion": old["apiVersion"], "kind": key.kind}, **new}
            if "status" in old:
                new.setdefault("status", old["status"])
            if key.kind == "Service":
                new["spec"].setdefault("clusterIP", old["spec"]["clusterIP"])
            self._complete(new)
            _refuse_changes_of_what_is_fixed(key, old, new)
            if new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] = kept["generation"] + 1
            if _without_revision(new) == _without_revision(old):
                return copy.deepcopy(old)
            return self._store("MODIFIED", key, new)

    def patch(self, key: Key, sent: Json, content_type: str, manager: str) -> tuple[Json, bool]:
        """Merge; gives the object and whether it is new."""
        with self.changed:
            there = self.objects.get(key)
            if "apply" in content_type:
                before = self._applied.get((key, manager), {})
                self._applied[key, manager] = copy.deepcopy(sent)
                if there is None:
                    return self.create(sent, key.namespace), True
                return self.replace(key, apply(there, before, sent)), False
            if there is None:
                raise _not_found(key)
            combine = strategic_merge if "strategic" in content_type else merge
            return self.replace(key, combine(there, sent)), False

    def delete(self, key: Key, *, now: bool = False) -> Json:
        """Take an object away; what it owns goes with it. A pod is only told to end, unless `now`."""
        with self.changed:
            there = self.objects.get(key)
            if there is None:
                raise _not_found(key)
            if key.kind == "Pod" and self.has_kubelet and not now:
                metadata = {**there["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
                return self._store("MODIFIED", key, {**there, "metadata": metadata})
            del self.objects[key]
            self._applied = {each: sent for each, sent in self._applied.items() if each[0] != key}
            self._store("DELETED", key, there)
            uid = there["metadata"]["uid"]
            for other, each in list(self.objects.items()):
                owners = [owner["uid"] for owner in each["metadata"].get("ownerReferences", [])]
                if uid in owners and other in self.objects:
                    self.delete(other)
            return there

    def set_status(self, kind: str, namespace: str, name: str, status: Json) -> None:
        """What controllers report; nothing if the object has gone, or says so already."""
        with self.changed:
            key = Key(kind, namespace, name)
            there = self.objects.get(key)
            if there is not None and there.get("status") != status:
                self._store("MODIFIED", key, {**there, "status": copy.deepcopy(status)})

    def _key(self, sent: Json, namespace: str) -> Key:
        return Key(sent["kind"], "" if sent["kind"] in CLUSTER_WIDE else namespace, sent["metadata"]["name"])

    def _store(self, type: str, key: Key, new: Json) -> Json:
        new["metadata"]["resourceVersion"] = str(len(self.events) + 1)
        if type != "DELETED":
            self.objects[key] = new
        self.events.append(Event(len(self.events) + 1, type, key, copy.deepcopy(new)))
        self.changed.notify_all()
        return copy.deepcopy(new)

    def _complete(self, new: Json) -> None:
        """What the API fills in, as far as clients look at it."""
        spec = new.get("spec", {})
        match new["kind"]:
            case "Secret":
                texts = new.pop("stringData", {})
                encoded = {name: _base64(text) for name, text in texts.items()}
                if encoded:
                    new["data"] = {**new.get("data", {}), **encoded}
                new.setdefault("type", "Opaque")
            case "Deployment" | "StatefulSet":
                spec.setdefault("replicas", 1)
            case "Service":
                spec.setdefault("type", "ClusterIP")
                if not spec.get("clusterIP"):
                    self._addresses += 1
                    spec["clusterIP"] = f"127.96.{self._addresses // 250}.{self._addresses % 250 + 1}"
            case "Namespace" | "PersistentVolumeClaim":
                new.setdefault("status", {"phase": "Active" if new["kind"] == "Namespace" else "Bound"})


def _refuse_changes_of_what_is_fixed(key: Key, old: Json, new: Json) -> None:
    changed = [path for path in IMMUTABLE.get(key.kind, []) if _at(old, path) != _at(new, path)]
    if key.kind in MUTABLE_SPEC:
        fixed = (old["spec"].keys() | new["spec"].keys()) - MUTABLE_SPEC[key.kind]
        changed += [("spec", each) for each in sorted(fixed) if old["spec"].get(each) != new["spec"].get(each)]
    if changed:
        where = ", ".join(".".join(path) for path in changed)
        raise Refused(422, "Invalid", f'{key.kind} "{key.name}" is invalid: {where}: field is immutable')


def _at(document: Json, path: tuple[str, ...]) -> Any:
    value: Any = document
    for each in path:
        value = (value or {}).get(each)
    return value


def _not_found(key: Key) -> Refused:
    return Refused(404, "NotFound", f'{plural(key.kind)} "{key.name}" not found')


def _without_revision(document: Json) -> Json:
    metadata = {name: value for name, value in document["metadata"].items() if name != "resourceVersion"}
    return {**document, "metadata": metadata}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
