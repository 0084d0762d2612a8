"""A container's probes. Source: kubernetes.io, "Configure Liveness, Readiness and Startup Probes"."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.cluster_network import container_port

Json = dict[str, Any]


class Probe:
    """What a container's probes say so far. The checks run in threads, so that a slow answer holds nothing up."""

    def __init__(self, pod: Json, container: Json, address: str, execute: Callable[[list[str]], bool]) -> None:
        self._pod, self._address, self._execute = pod, address, execute
        self._checks = {
            kind: _Check(container[f"{kind}Probe"])
            for kind in ("startup", "liveness", "readiness")
            if f"{kind}Probe" in container
        }
        self._started = "startup" not in self._checks
        self.ready = False
        self.failed = False
        self._closed = False

    def look(self) -> None:
        """Begin the checks that are due, and take in what those before have found."""
        if not self._started:
            startup = self._checks["startup"]
            self._begin(startup)
            self._started, self.failed = startup.passed, startup.failed
            return
        for kind in ("liveness", "readiness"):
            if kind in self._checks:
                self._begin(self._checks[kind])
        if "liveness" in self._checks:
            self.failed = self._checks["liveness"].failed
        readiness = self._checks.get("readiness")
        self.ready = readiness is None or (readiness.passed and not readiness.failed)

    def close(self) -> None:
        self._closed = True

    def _begin(self, check: "_Check") -> None:
        if check.is_due() and not self._closed:
            threading.Thread(target=self._run, args=(check,), daemon=True).start()

    def _run(self, check: "_Check") -> None:
        try:
            passed = self._ask(check.spec)
        except (OSError, http.client.HTTPException):
            passed = False
        check.note(passed)

    def _ask(self, spec: Json) -> bool:
        timeout = spec.get("timeoutSeconds", 1)
        if "exec" in spec:
            return self._execute(spec["exec"]["command"])
        if "tcpSocket" in spec:
            port = container_port(self._pod, spec["tcpSocket"]["port"])
            socket.create_connection((self._address, port), timeout).close()
            return True
        get = spec["httpGet"]
        port = container_port(self._pod, get["port"])
        connection = self._connect(get.get("scheme", "HTTP"), port, timeout)
        headers = {each["name"]: each["value"] for each in get.get("httpHeaders", [])}
        try:
            connection.request("GET", get.get("path", "/"), headers=headers)
            return 200 <= connection.getresponse().status < 400
        finally:
            connection.close()

    def _connect(self, scheme: str, port: int, timeout: float) -> http.client.HTTPConnection:
        if scheme == "HTTP":
            return http.client.HTTPConnection(self._address, port, timeout=timeout)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # as a kubelet
        return http.client.HTTPSConnection(self._address, port, timeout=timeout, context=context)


class _Check:
    """The times and counts of one probe."""

    def __init__(self, spec: Json) -> None:
        self.spec = spec
        self._next = time.monotonic() + spec.get("initialDelaySeconds", 0)
        self._running = False
        self._successes = self._failures = 0
        self.passed = self.failed = False

    def is_due(self) -> bool:
        now = time.monotonic()
        if self._running or now < self._next:
            return False
        self._running = True
        self._next = now + self.spec.get("periodSeconds", 10)
        return True

    def note(self, passed: bool) -> None:
        """Take in one answer; `passed` and `failed` change at their thresholds."""
        self._successes = self._successes + 1 if passed else 0
        self._failures = 0 if passed else self._failures + 1
        if self._successes >= self.spec.get("successThreshold", 1):
            self.passed, self.failed = True, False
        if self._failures >= self.spec.get("failureThreshold", 3):
            self.passed, self.failed = False, True
        self._running = False
