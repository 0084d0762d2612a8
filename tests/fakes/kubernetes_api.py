"""As much of a Kubernetes API as helm's `--dry-run=server` asks: which kinds there are, and Secrets."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]

GROUPS = {
    "apps/v1": ["Deployment"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
}
CORE = ["ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount"]


def _plural(kind: str) -> str:
    return kind.lower()[:-1] + "ies" if kind.endswith("y") else kind.lower() + "s"


def _resource_list(version: str, kinds: list[str]) -> Json:
    resources = [
        {
            "name": _plural(kind),
            "kind": kind,
            "singularName": kind.lower(),
            "namespaced": True,
            "verbs": ["get", "list"],
        }
        for kind in kinds
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def _groups() -> Json:
    groups = []
    for each in GROUPS:
        version = {"groupVersion": each, "version": each.partition("/")[2]}
        groups.append({"name": each.partition("/")[0], "versions": [version], "preferredVersion": version})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


class KubernetesApi:
    """Holds Secrets by name; namespaces are not told apart."""

    def __init__(self) -> None:
        self.secrets: dict[str, Json] = {}
        self.asked: list[str] = []

    def answer(self, path: str) -> Json | None:
        """The document at `path`, None if there is none."""
        self.asked.append(path)
        fixed: dict[str, Json] = {
            "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": _groups(),
            "/api/v1": _resource_list("v1", CORE),
            **{f"/apis/{version}": _resource_list(version, kinds) for version, kinds in GROUPS.items()},
        }
        if path in fixed:
            return fixed[path]
        if path.endswith("/secrets"):
            return {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": list(self.secrets.values())}
        return self.secrets.get(path.rpartition("/secrets/")[2])

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Answer on loopback; gives the address."""
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = api.answer(self.path.partition("?")[0])
                missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
                body = json.dumps(document or missing).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Tests look at `asked`."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
