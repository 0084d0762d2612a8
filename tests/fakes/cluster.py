"""What makes pods of Deployments, StatefulSets and Jobs, as Kubernetes's controllers do. Something else runs the pods.

Source: kubernetes.io, "Deployments", "StatefulSets", "Jobs". Left out: scheduling, quotas, revisions, autoscaling.
"""

import copy
import hashlib
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tests.fakes.kubernetes_api import Key, KubernetesApi, Refused

Json = dict[str, Any]

TICK_SECONDS = 0.1
HASH = "pod-template-hash"


class PodRunner(Protocol):
    """What a node does with pods. Both are called once for a pod, and return soon."""

    def start(self, pod: Json) -> None:
        """Begin to run it, and set its status ever after."""

    def stop(self, pod: Json) -> None:
        """Begin to end it; take it out of the API when it has ended."""


class InstantPods:
    """Runs nothing: pods are ready at once, and Jobs done, but for those named in `failing`."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self.failing: set[str] = set()

    def start(self, pod: Json) -> None:
        metadata = pod["metadata"]
        ends = pod["spec"].get("restartPolicy", "Always") != "Always"
        fails = any(name in metadata["name"] for name in self.failing)
        if ends:
            phase, ready = ("Failed" if fails else "Succeeded"), False
        else:
            phase, ready = "Running", not fails
        self._api.set_status("Pod", metadata["namespace"], metadata["name"], pod_status(phase, ready=ready))

    def stop(self, pod: Json) -> None:
        self._api.delete(key_of(pod), now=True)


def pod_status(phase: str, *, ready: bool, address: str = "127.0.0.1") -> Json:
    conditions = [
        {"type": each, "status": "True" if ready else "False"} for each in ("Initialized", "ContainersReady", "Ready")
    ]
    return {"phase": phase, "conditions": conditions, "podIP": address, "podIPs": [{"ip": address}]}


def is_ready(pod: Json) -> bool:
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True"


def is_ending(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def key_of(document: Json) -> Key:
    return Key(document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"])


def phase_of(pod: Json) -> str:
    return str(pod.get("status", {}).get("phase", "Pending"))


class Cluster:
    """Brings what is there to what is wanted, in one thread, whenever something changes."""

    def __init__(self, api: KubernetesApi, runner: PodRunner) -> None:
        self._api, self._runner = api, runner
        self._started: set[str] = set()
        self._stopped: set[str] = set()
        self._pods_made = 0
        self._over = False
        self.failure: BaseException | None = None

    @contextmanager
    def run(self) -> Iterator[None]:
        """Work until the block ends; pods that are left then are the runner's."""
        self._api.has_kubelet = True
        thread = threading.Thread(target=self._loop, name="cluster")
        thread.start()
        try:
            yield
        finally:
            self._over = True
            with self._api.changed:
                self._api.changed.notify_all()
            thread.join()
        if self.failure:
            raise self.failure

    def _loop(self) -> None:
        seen = -1
        try:
            while not self._over:
                with self._api.changed:
                    if seen == len(self._api.events):
                        self._api.changed.wait(TICK_SECONDS)
                    seen = len(self._api.events)
                    self._reconcile()
        except BaseException as error:  # shown where the block ends
            self.failure = error
            raise

    def _reconcile(self) -> None:
        for each in self._api.list("Deployment"):
            self._deployment(each)
        for each in self._api.list("StatefulSet"):
            self._stateful_set(each)
        for each in self._api.list("Job"):
            self._job(each)
        for pod in self._api.list("Pod"):
            uid = pod["metadata"]["uid"]
            if uid not in self._started:
                self._started.add(uid)
                self._runner.start(pod)
            if is_ending(pod) and uid not in self._stopped:
                self._stopped.add(uid)
                self._runner.stop(pod)

    def _deployment(self, deployment: Json) -> None:
        spec, namespace = deployment["spec"], deployment["metadata"]["namespace"]
        current = self._replica_set(deployment)
        sets = [each for each in self._api.list("ReplicaSet", namespace) if _is_owned(each, deployment)]
        active = [each for owner in sets for each in self._pods_of(owner) if not is_ending(each)]
        new = [each for each in active if _is_owned(each, current)]
        old = [each for each in active if not _is_owned(each, current)]
        wanted = spec["replicas"]
        rolling = spec.get("strategy", {}).get("rollingUpdate", {})
        surge = _share(rolling.get("maxSurge", "25%"), wanted, math.ceil)
        missing = _share(rolling.get("maxUnavailable", "25%"), wanted, math.floor)
        for _ in range(min(wanted - len(new), wanted + surge - len(active))):
            self._make_pod(current, spec["template"], f"{current['metadata']['name']}-{self._suffix()}")
        for pod in new[max(wanted, 0) :]:
            self._api.delete(key_of(pod))
        spare = sum(map(is_ready, active)) - (wanted - missing)
        for pod in sorted(old, key=is_ready):
            if is_ready(pod):
                if spare <= 0:
                    break
                spare -= 1
            self._api.delete(key_of(pod))
        ready = [sum(map(is_ready, each)) for each in (active, new)]
        self._api.set_status("ReplicaSet", namespace, current["metadata"]["name"], _counts(len(new), ready[1], current))
        status = {**_counts(len(active), ready[0], deployment), "updatedReplicas": len(new)}
        done = len(new) == len(active) == wanted == ready[1]
        status["conditions"] = [
            {"type": "Available", "status": "True" if ready[0] >= wanted - missing else "False", "reason": "Minimum"},
            {
                "type": "Progressing",
                "status": "True",
                "reason": "NewReplicaSetAvailable" if done else "ReplicaSetUpdated",
            },
        ]
        self._api.set_status("Deployment", namespace, deployment["metadata"]["name"], status)

    def _replica_set(self, deployment: Json) -> Json:
        metadata, template = deployment["metadata"], copy.deepcopy(deployment["spec"]["template"])
        digest = _digest(template)
        name = f"{metadata['name']}-{digest}"
        if (there := self._api.find("ReplicaSet", name, metadata["namespace"])) is not None:
            return there
        template["metadata"]["labels"][HASH] = digest
        return self._api.create(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "labels": template["metadata"]["labels"],
                    "ownerReferences": [_owner(deployment)],
                },
                "spec": {**deployment["spec"], "template": template},
            },
            metadata["namespace"],
        )

    def _stateful_set(self, stateful_set: Json) -> None:
        spec, metadata = stateful_set["spec"], stateful_set["metadata"]
        digest = _digest(spec["template"])
        pods = {each["metadata"]["name"]: each for each in self._pods_of(stateful_set)}
        names = [f"{metadata['name']}-{index}" for index in range(spec["replicas"])]
        ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        for name in names:
            if name not in pods:
                self._make_member(stateful_set, name, digest)
            if ordered and not (name in pods and is_ready(pods[name])):
                break
        all_ready = all(name in pods and is_ready(pods[name]) for name in names)
        for name, pod in sorted(pods.items(), reverse=True):
            outdated = pod["metadata"]["labels"].get(HASH) != digest
            if name not in names or (outdated and all_ready):
                self._api.delete(key_of(pod))
                break
        updated = sum(each["metadata"]["labels"].get(HASH) == digest for each in pods.values())
        status = _counts(len(pods), sum(map(is_ready, pods.values())), stateful_set)
        complete = {"updatedReplicas": updated, "currentReplicas": updated}
        complete |= {"currentRevision": digest if updated == len(names) else "old", "updateRevision": digest}
        self._api.set_status("StatefulSet", metadata["namespace"], metadata["name"], {**status, **complete})

    def _make_member(self, stateful_set: Json, name: str, digest: str) -> None:
        spec, namespace = stateful_set["spec"], stateful_set["metadata"]["namespace"]
        template = copy.deepcopy(spec["template"])
        template["metadata"]["labels"] |= {HASH: digest, "statefulset.kubernetes.io/pod-name": name}
        template["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = name.rpartition("-")[2]
        template["spec"] |= {"hostname": name, "subdomain": spec.get("serviceName", "")}
        for claim in spec.get("volumeClaimTemplates", []):
            claimed = f"{claim['metadata']['name']}-{name}"
            template["spec"].setdefault("volumes", []).append(
                {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claimed}}
            )
            if self._api.find("PersistentVolumeClaim", claimed, namespace) is None:
                made = {**copy.deepcopy(claim), "apiVersion": "v1", "kind": "PersistentVolumeClaim"}
                made["metadata"]["name"] = claimed
                self._api.create(made, namespace)
        self._make_pod(stateful_set, template, name)

    def _job(self, job: Json) -> None:
        spec, metadata = job["spec"], job["metadata"]
        conditions = {each["type"] for each in job.get("status", {}).get("conditions", [])}
        if conditions & {"Complete", "Failed"}:
            return
        pods = self._pods_of(job)
        failed = sum(phase_of(each) == "Failed" for each in pods)
        if any(phase_of(each) == "Succeeded" for each in pods):
            condition = {"type": "Complete", "status": "True"}
            status = {"succeeded": 1, "failed": failed, "conditions": [condition]}
        elif failed > spec.get("backoffLimit", 6):
            condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
            condition["message"] = "Job has reached the specified backoff limit"
            status = {"failed": failed, "conditions": [condition]}
        else:
            if failed == len(pods):
                self._make_pod(job, spec["template"], f"{metadata['name']}-{self._suffix()}")
            status = {"active": 1, "failed": failed}
        self._api.set_status("Job", metadata["namespace"], metadata["name"], status)

    def _pods_of(self, owner: Json) -> list[Json]:
        return [each for each in self._api.list("Pod", owner["metadata"]["namespace"]) if _is_owned(each, owner)]

    def _make_pod(self, owner: Json, template: Json, name: str) -> None:
        metadata = copy.deepcopy(template.get("metadata", {}))
        metadata |= {"name": name, "ownerReferences": [_owner(owner)]}
        if owner["kind"] == "ReplicaSet":
            metadata["labels"][HASH] = owner["metadata"]["labels"][HASH]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(template["spec"])}
        try:
            self._api.create(pod, owner["metadata"]["namespace"])
        except Refused:  # a pod of that name is still ending
            return

    def _suffix(self) -> str:
        self._pods_made += 1
        return f"{self._pods_made:05}"


def _is_owned(document: Json, owner: Json) -> bool:
    return any(each["uid"] == owner["metadata"]["uid"] for each in document["metadata"].get("ownerReferences", []))


def _owner(document: Json) -> Json:
    metadata = document["metadata"]
    names = {"apiVersion": document["apiVersion"], "kind": document["kind"], "name": metadata["name"]}
    return {**names, "uid": metadata["uid"], "controller": True}


def _digest(template: Json) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _share(value: int | str, of: int, rounded: Any) -> int:
    return int(rounded(of * int(value[:-1]) / 100)) if isinstance(value, str) else value


def _counts(replicas: int, ready: int, document: Json) -> Json:
    counts = {"replicas": replicas, "readyReplicas": ready, "availableReplicas": ready}
    return {**counts, "observedGeneration": document["metadata"]["generation"]}
