"""A replica with one worker and the standard plan: all it does for a request, without a control plane."""

import hashlib
import json
import sys
from typing import Any

from benchmarks import compiled
from benchmarks.requests import API_KEY, MODEL
from benchmarks.site import ADDRESS, Site
from scripts.compile import DEFAULT_OUT, CannotCompile, compile_into
from scripts.tools import ROOT, ToolMissing

WORKER = b"data_plane.worker"


def command(site: Site) -> list[str]:
    """The replica as it is shipped, its request path compiled.

    Raises:
        ToolMissing: it cannot be compiled here.
    """
    try:
        compile_into(DEFAULT_OUT)
    except CannotCompile as error:
        raise ToolMissing(str(error)) from error
    return ["env", *(f"{name}={value}" for name, value in compiled.environment().items()), *_replica(site)]


def interpreted_command(site: Site) -> list[str]:
    """The same from the sources, whatever the environment of the bench itself says."""
    return ["env", "--unset=PYTHONSAFEPATH", f"PYTHONPATH={ROOT}", *_replica(site)]


def _replica(site: Site) -> list[str]:
    config = site.folder / "config.yaml"
    config.write_text("\n---\n".join(json.dumps(each) for each in configuration(site.upstream, _upstream_tls(site))))
    files = site.certificates
    certificates = ("--tls-certificates", f"{files.certificate}:{files.key}") if site.tls_in else ()
    return [
        *(sys.executable, "-m", "data_plane", "--static-config", str(config), "--data-dir", str(site.folder / "data")),
        *("--listen", f"{'https://' if site.tls_in else ''}{ADDRESS}:{site.port}", *certificates),
        *("--admin-listen", f"{ADDRESS}:0", "--workers", "1"),
    ]


def _upstream_tls(site: Site) -> dict[str, Any] | None:
    return {"caPem": site.certificates.authority.read_text(), "serverName": "localhost"} if site.tls_up else None


def role_of(command_line: bytes) -> str:
    return "worker" if WORKER in command_line else "agent"


def configuration(upstream: int, tls: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Key authentication, routing by model, timeouts, a header each way, metering, metrics and call records.

    REST traffic has the same, without a model. `tls`: how the upstream is verified, if it talks TLS.
    """
    verified = {"tls": tls} if tls else {}
    base_url = f"http{'s' if tls else ''}://{ADDRESS}:{upstream}/v1"
    provider = {"type": "OpenAICompatible", "baseUrl": base_url, "auth": {"type": "None"}, **verified}
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    target = {"providerRef": {"name": "bench"}}
    routes = [{"kind": "Route", "name": "models"}, {"kind": "Route", "name": "rest"}]
    return [
        document("Tenant", "default", {}, "platform"),
        document("Gateway", "default", {}, "platform"),
        document("Provider", "bench", provider),
        document("Service", "rest", {"endpoints": [{"host": ADDRESS, "port": upstream}], **verified}),
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
