"""A replica with one worker and the standard plan: all it does for a request, without a control plane."""

import hashlib
import json
import sys
from typing import Any

from benchmarks.requests import API_KEY, MODEL
from benchmarks.site import Site

WORKER = b"data_plane.worker"


def command(site: Site) -> list[str]:
    config = site.folder / "config.yaml"
    config.write_text("\n---\n".join(json.dumps(each) for each in configuration(site.upstream)))
    return [
        *(sys.executable, "-m", "data_plane", "--static-config", str(config), "--data-dir", str(site.folder / "data")),
        *("--listen", f"127.0.0.1:{site.port}", "--admin-listen", "127.0.0.1:0", "--workers", "1"),
    ]


def role_of(command_line: bytes) -> str:
    return "worker" if WORKER in command_line else "agent"


def configuration(upstream: int) -> list[dict[str, Any]]:
    """Key authentication, routing by model, timeouts, a header each way, metering, metrics and call records.

    REST traffic has the same, without a model.
    """
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    target = {"providerRef": {"name": "bench"}}
    routes = [{"kind": "Route", "name": "models"}, {"kind": "Route", "name": "rest"}]
    return [
        document("Tenant", "default", {}, "platform"),
        document("Gateway", "default", {}, "platform"),
        document(
            "Provider",
            "bench",
            {"type": "OpenAICompatible", "baseUrl": f"http://127.0.0.1:{upstream}/v1", "auth": {"type": "None"}},
        ),
        document("Service", "rest", {"endpoints": [{"host": "127.0.0.1", "port": upstream}]}),
        document("Model", MODEL, {"versions": [{"name": "v1", "targets": [target]}]}),
        document("Application", "tester", {}),
        document("Credential", "tester", {"applicationRef": {"name": "tester"}, "hash": f"sha256:{digest}"}),
        document("Route", "models", {"matches": [{"path": {"value": "/v1"}}], "models": {"refs": [{"name": MODEL}]}}),
        document("Route", "rest", {"matches": [{"path": {"value": "/rest"}}], "serviceRef": {"name": "rest"}}),
        document("TimeoutPolicy", "standard", {"targetRefs": routes, "requestSeconds": 60}),
        document("HeaderPolicy", "standard", {"targetRefs": routes, **HEADERS}),
    ]


HEADERS = {
    "request": {"set": [{"name": "x-team", "value": "search"}]},
    "response": {"set": [{"name": "x-served-by", "value": "edge"}]},
}


def document(kind: str, name: str, spec: dict[str, Any], tenant: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "tenant": tenant}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}
