"""Envoy with one worker: compares the key by its own filter and relays, without logs."""

import json
from typing import Any

from benchmarks.requests import API_KEY
from benchmarks.site import Site
from scripts.tools import obtain

TYPES = "type.googleapis.com/envoy.extensions"
MANY = 20000  # connections and requests: no limit is to be met


def command(site: Site) -> list[str]:
    config = site.folder / "envoy.json"
    config.write_text(json.dumps(configuration(site)))
    return [str(obtain("envoy")), "-c", str(config), "--concurrency", "1", "-l", "error", "--disable-hot-restart"]


def configuration(site: Site) -> dict[str, Any]:
    """The static configuration, as JSON."""
    chain: dict[str, Any] = {
        "filters": [_typed("filters.network.http_connection_manager.v3.HttpConnectionManager", **_http())]
    }
    cluster: dict[str, Any] = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {
            "thresholds": [{"max_connections": MANY, "max_pending_requests": MANY, "max_requests": MANY}]
        },
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(site.upstream)}}]}],
        },
    }
    if site.tls_in:
        files = site.certificates
        pair = {"certificate_chain": {"filename": str(files.certificate)}, "private_key": {"filename": str(files.key)}}
        served = {"tls_certificates": [pair]}
        chain["transport_socket"] = _typed("transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=served)
    if site.tls_up:
        trusted = {"trusted_ca": {"filename": str(site.certificates.authority)}}
        checked = {"validation_context": trusted}
        context = _typed("transport_sockets.tls.v3.UpstreamTlsContext", sni="localhost", common_tls_context=checked)
        cluster["transport_socket"] = context
    listener = {"address": _address(site.port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _http() -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}
    key = {"credentials": [{"key": API_KEY, "client": "tester"}], "key_sources": [{"header": "Authorization"}]}
    return {
        "stat_prefix": "clients",
        "codec_type": "HTTP1",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            _typed("filters.http.api_key_auth.v3.ApiKeyAuth", **key),
            _typed("filters.http.router.v3.Router"),
        ],
    }


def _typed(kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": kind, "typed_config": {"@type": f"{TYPES}.{kind}", **fields}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
