"""Runs the pods of a Kubernetes API as processes of this machine, with all that the pod's specification says.

Real: order of containers, arguments, environment, mounted files, a read-only root, uid, probes, preStop, grace periods,
restarts. Not real: images (every program is this checkout's), limits, and the network: a pod's address is on loopback,
so `0.0.0.0` in what it is told becomes that address. Source: kubernetes.io, "Pod Lifecycle".
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import pod_volumes
from tests.fakes.cluster import key_of, pod_status
from tests.fakes.kubernetes_access import Account
from tests.fakes.kubernetes_api import KubernetesApi, Refused
from tests.fakes.pod_probes import Probe
from tests.fakes.pod_volumes import NotYet, PodVolumes

Json = dict[str, Any]

SANDBOX = Path(__file__).with_name("sandbox.py")
CHECKOUT = Path(__file__).parents[2]
PROGRAMS = "/opt/image"  # where a container finds the programs of its image
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
HIDDEN = ("/data", "/home", "/tmp")  # folders of this machine that no container sees
POLL_SECONDS = 0.05
REFRESH_SECONDS = 1.0  # until a changed Secret is seen in a pod; a real kubelet takes up to a minute
RESTART_SECONDS = (1, 2, 4, 8, *[10] * 60)
ANY_ADDRESS = re.compile(r"\b0\.0\.0\.0\b|\[::\]")


@dataclass(frozen=True, slots=True)
class Image:
    """Programs that a container may call, and the environment that its image sets."""

    programs: Path
    entry_point: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Node:
    """What all pods of a kubelet share. `images`: by a part of the image's name."""

    folder: Path
    images: dict[str, Image]
    hosts: Path
    environment: dict[str, str] = field(default_factory=dict)
    api_authority: str = ""  # the PEM of what has signed the API's certificate

    def image(self, name: str) -> Image:
        return next(image for part, image in self.images.items() if part in name)


class Kubelet:
    """The one node of a cluster."""

    def __init__(self, api: KubernetesApi, node: Node) -> None:
        self._api, self._node = api, node
        self._pods: dict[str, _Pod] = {}
        self.killed: list[str] = []  # pods that did not end within their grace period
        self.restarts: list[str] = []  # containers that ended though they should run, or were found dead
        self.failures: list[str] = []  # what the kubelet itself could not do

    def start(self, pod: Json) -> None:
        number = len(self._pods) + 1
        address = f"127.97.{number // 250}.{number % 250 + 1}"
        running = self._pods[pod["metadata"]["uid"]] = _Pod(self, self._api, self._node, pod, address)
        running.thread.start()

    def stop(self, pod: Json) -> None:
        self._pods[pod["metadata"]["uid"]].ending.set()

    def close(self) -> None:
        """Kill what is left."""
        for pod in self._pods.values():
            pod.abandoned = True
            pod.ending.set()
        for pod in self._pods.values():
            pod.thread.join(10)


class _Pod:
    """One pod, from its first container to its last, in a thread of its own, whose children all processes are."""

    def __init__(self, kubelet: Kubelet, api: KubernetesApi, node: Node, pod: Json, address: str) -> None:
        self._kubelet, self._api, self._node = kubelet, api, node
        pod["status"] = {"podIP": address, "hostIP": "127.0.0.1"}
        self._pod, self._spec, self._address = pod, pod["spec"], address
        self._name = pod["metadata"]["name"]
        self._folder = node.folder / "pods" / pod["metadata"]["uid"]
        self._volumes = PodVolumes(api, pod, (self._folder / "volumes", node.folder / "claims"), self._told)
        self._log = node.folder / "logs" / f"{self._name}.log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._runs = self._restarts = 0
        self.abandoned = False
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._live, name=self._name)

    def _live(self) -> None:
        (self._folder / "volumes").mkdir(parents=True)
        self._log.parent.mkdir(exist_ok=True)
        self._api.logs[self._name] = self._log
        self._mount_service_account()
        try:
            self._report("Pending")
            self._wait_for_volumes()
            if self._run_init_containers():
                self._run_containers()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            self._kubelet.failures.append(f"{self._name}: {error!r}")
        finally:
            self._end()

    def _wait_for_volumes(self) -> None:
        while not self.ending.is_set():
            try:
                self._volumes.bring_up_to_date()
            except NotYet:
                self.ending.wait(POLL_SECONDS * 4)
            else:
                return

    def _run_init_containers(self) -> bool:
        """False if the pod is over."""
        for container in self._spec.get("initContainers", []):
            if container.get("restartPolicy") == "Always":  # a sidecar: it runs on beside the others
                self._running[container["name"]] = self._start(container)
                continue
            for pause in RESTART_SECONDS:
                if self.ending.is_set() or self._wait(self._start(container)) == 0:
                    break
                if self._spec.get("restartPolicy") == "Never":
                    self._report("Failed")
                    return False
                self._kubelet.restarts.append(f"{self._name}/{container['name']}")
                self.ending.wait(pause)
        return not self.ending.is_set()

    def _run_containers(self) -> None:
        probes = []
        for container in self._spec["containers"]:
            self._running[container["name"]] = self._start(container)
            probes.append(self._probe(container))
        refreshed = time.monotonic()
        while not self.ending.is_set():
            if (phase := self._look_after(probes)) is not None:
                return self._report(phase)
            self._report("Running", ready=all(each.ready for each in probes))
            if time.monotonic() - refreshed > REFRESH_SECONDS:
                refreshed = time.monotonic()
                with suppress(NotYet):
                    self._volumes.bring_up_to_date()
            self.ending.wait(POLL_SECONDS)
        return self._stop(probes)

    def _look_after(self, probes: list["Probe"]) -> str | None:
        """Start anew what has ended; gives the pod's last phase if it is over."""
        policy = self._spec.get("restartPolicy", "Always")
        codes = [self._running[each["name"]].poll() for each in self._spec["containers"]]
        if policy != "Always" and None not in codes and (policy == "Never" or not any(codes)):
            return "Failed" if any(codes) else "Succeeded"
        for index, container in enumerate(self._spec["containers"]):
            probe = probes[index]
            probe.look()
            dead = codes[index] is not None and (policy == "Always" or codes[index] != 0)
            if dead or probe.failed:
                probe.close()
                self._restart(container)
                probes[index] = self._probe(container)
        return None

    def _restart(self, container: Json) -> None:
        self._report("Running")
        self._kill(self._running[container["name"]])
        self._kubelet.restarts.append(f"{self._name}/{container['name']}")
        self.ending.wait(RESTART_SECONDS[min(self._restarts, len(RESTART_SECONDS) - 1)])
        self._restarts += 1
        if not self.ending.is_set():
            self._running[container["name"]] = self._start(container)

    def _stop(self, probes: list["Probe"]) -> None:
        """preStop and SIGTERM; what is left when the grace period is over is killed by whoever called."""
        deadline = time.monotonic() + self._spec.get("terminationGracePeriodSeconds", 30)
        if not self.abandoned:
            for container in self._spec["containers"]:
                self._hook(container, container.get("lifecycle", {}).get("preStop", {}))
        for probe in probes:
            probe.close()
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        while any(each.poll() is None for each in self._running.values()) and not self.abandoned:
            if time.monotonic() > deadline:
                return self._kubelet.killed.append(self._name)
            time.sleep(POLL_SECONDS)
        return None

    def _hook(self, container: Json, hook: Json) -> None:
        if "sleep" in hook:
            time.sleep(hook["sleep"]["seconds"])
        elif hook:
            code = self._wait(self._start(container, hook["exec"]["command"]))
            if code != 0:
                self._kubelet.failures.append(f"{self._name}: preStop ended with {code}")

    def _end(self) -> None:
        for process in self._running.values():
            self._kill(process)
        self.ending.wait()
        if not self.abandoned:
            with suppress(Refused):
                self._api.delete(key_of(self._pod), now=True)
        shutil.rmtree(self._folder, ignore_errors=True)  # a probe may still be at work in it

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status; killed when the pod is abandoned."""
        while (code := process.poll()) is None:
            if self.abandoned:
                self._kill(process)
            time.sleep(POLL_SECONDS)
        return code

    def _report(self, phase: str, *, ready: bool = False) -> None:
        status = pod_status(phase, ready=ready, address=self._address)
        self._api.set_status("Pod", self._pod["metadata"]["namespace"], self._name, status)

    def _probe(self, container: Json) -> Probe:
        def execute(command: list[str]) -> bool:
            return self._wait(self._start(container, command)) == 0

        return Probe(self._pod, container, self._address, execute)

    def _mount_service_account(self) -> None:
        files = self._service_account_files()
        self._volumes.token = files["token"].encode()
        self._tokens = self._folder / "service-account"
        self._tokens.mkdir()
        for name, text in files.items():
            (self._tokens / name).write_text(text)

    def _service_account_files(self) -> dict[str, str]:
        namespace = self._pod["metadata"]["namespace"]
        account = Account(namespace, self._spec.get("serviceAccountName", "default"))
        return {"ca.crt": self._node.api_authority, "token": account.token, "namespace": namespace}

    def _start(self, container: Json, command: list[str] | None = None) -> subprocess.Popen[bytes]:
        """A process of the container; `command` in place of its own."""
        self._runs += 1
        image = self._node.image(container["image"])
        environment = self._environment(container, image)
        argv = command or [*(container.get("command") or image.entry_point), *container.get("args", [])]
        root = self._folder / f"root-{self._runs}"
        root.mkdir()
        security = {**self._spec.get("securityContext", {}), **container.get("securityContext", {})}
        specification = {
            "root": str(root),
            "mounts": self._mounts(container),
            "uid": security.get("runAsUser", 65532),
            "gid": security.get("runAsGroup", 65532),
            "hostname": self._spec.get("hostname", self._name)[:63],
            "folder": container.get("workingDir", "/"),
            "argv": [self._told(_expand(each, environment)) for each in argv],
            "environment": {name: self._told(value) for name, value in environment.items()},
            "hidden": HIDDEN,
        }
        file = self._folder / f"run-{self._runs}.json"
        file.write_text(json.dumps(specification))
        with open(self._log, "ab") as log:
            log.write(f"--- {container['name']}: {' '.join(specification['argv'])[:300]}\n".encode())
            log.flush()
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(SANDBOX), str(file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _mounts(self, container: Json) -> list[Json]:
        mounts = [{"source": str(self._node.hosts), "target": "/etc/hosts", "readOnly": True}]
        programs = self._node.image(container["image"]).programs
        mounts.append({"source": str(programs), "target": PROGRAMS, "readOnly": True})
        if str(CHECKOUT).startswith(HIDDEN):
            mounts.append({"source": str(CHECKOUT), "target": str(CHECKOUT), "readOnly": True})
        for each in container.get("volumeMounts", []):
            source = self._volumes.path(each["name"]) / each.get("subPath", "")
            read_only = each.get("readOnly", False)
            mounts.append({"source": str(source.resolve()), "target": each["mountPath"], "readOnly": read_only})
        account = self._api.find("ServiceAccount", self._spec.get("serviceAccountName", "default")) or {}
        # The pod's word counts before the service account's.
        if self._spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)):
            mounts.append({"source": str(self._tokens), "target": SERVICE_ACCOUNT, "readOnly": True})
        return mounts

    def _environment(self, container: Json, image: Image) -> dict[str, str]:
        environment = {**image.environment, **self._node.environment, "PATH": PROGRAMS}
        environment["HOSTNAME"] = self._name
        for each in container.get("envFrom", []):
            ((kind, reference),) = ((k, v) for k, v in each.items() if k != "prefix")
            values = self._keys(kind.removesuffix("Ref"), reference["name"])
            environment |= {each.get("prefix", "") + key: value for key, value in values.items()}
        for each in container.get("env", []):
            environment[each["name"]] = self._value(each, environment)
        return environment

    def _value(self, variable: Json, environment: dict[str, str]) -> str:
        if "valueFrom" not in variable:
            return _expand(variable.get("value", ""), environment)
        ((kind, reference),) = variable["valueFrom"].items()
        if kind == "fieldRef":
            return pod_volumes.field(self._pod, reference)
        return self._keys(kind.removesuffix("KeyRef"), reference["name"])[reference["key"]]

    def _keys(self, kind: str, name: str) -> dict[str, str]:
        document = self._api.find("Secret" if kind == "secret" else "ConfigMap", name)
        if document is None:
            raise NotYet(f"{kind} {name!r} not found")
        data: dict[str, str] = document.get("data", {})
        return {key: pod_volumes.plain(value) if kind == "secret" else value for key, value in data.items()}

    def _told(self, text: str) -> str:
        return ANY_ADDRESS.sub(self._address, text)


def _expand(text: str, environment: dict[str, str]) -> str:
    """`$(NAME)`, and `$$` for a dollar. Source: kubernetes.io, "Define Dependent Environment Variables"."""

    def replaced(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else environment.get(name, match.group(0))

    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)", replaced, text)


def require_sandbox() -> None:
    """Fail at once, and say why, where pods cannot run.

    Raises:
        AssertionError: the kernel gives no namespaces to who runs the tests.
    """
    unshare = shutil.which("unshare")
    done = subprocess.run(
        [unshare or "unshare", "-Urm", "true"], capture_output=True, text=True, timeout=10, check=False
    )
    assert done.returncode == 0, f"pods need user namespaces, which this machine refuses: {done.stderr.strip()}"
