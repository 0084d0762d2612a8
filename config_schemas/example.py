"""One small valid resource of each kind, for the API's document and the reference."""

from collections.abc import Mapping
from typing import Any

_SPECS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Tenant": ("acme", {"displayName": "Acme"}),
    "Gateway": ("default", {"tenants": {"matchLabels": {"stage": "live"}}}),
    "Team": ("search", {"displayName": "Search"}),
    "Secret": ("openai", {"data": {"value": "sk-example"}}),
    "Service": ("orders", {"endpoints": [{"host": "orders.internal", "port": 8080}]}),
    "Provider": (
        "openai",
        {"type": "OpenAI", "auth": {"secretRef": {"name": "openai"}}},
    ),
    "CatalogEntry": (
        "own-llama",
        {
            "model": {"value": "llama-3.3-70b"},
            "providerTypes": ["VLLM"],
            "capabilities": {"contextTokens": 32768},
            "pricing": "Own",
            "prices": [{"perMillionTokens": {"inputUncached": "0.2", "output": "0.6"}}],
        },
    ),
    "Model": (
        "chat",
        {
            "versions": [
                {"name": "v1", "weight": 9, "targets": [{"providerRef": {"name": "openai"}, "model": "gpt-4.1"}]},
                {"name": "v2", "weight": 1, "targets": [{"providerRef": {"name": "openai"}, "model": "gpt-5"}]},
            ]
        },
    ),
    "Application": ("shop", {"displayName": "Shop", "allowedModels": ["chat"]}),
    "Credential": (
        "shop-1",
        {"applicationRef": {"name": "shop"}, "hash": f"sha256:{'0' * 64}", "expiresAt": "2027-12-31T00:00:00Z"},
    ),
    "Route": ("models", {"models": {"refs": [{"name": "chat"}]}}),
    "TimeoutPolicy": ("patient", {"targetRefs": [{"kind": "Model", "name": "chat"}], "requestSeconds": 600}),
    "HeaderPolicy": (
        "tag",
        {
            "targetRefs": [{"kind": "Route", "name": "models"}],
            "request": {"set": [{"name": "x-team", "value": "search"}]},
        },
    ),
    "StreamPolicy": ("settle", {"targetRefs": [{"kind": "Model", "name": "chat"}], "onClientGone": "Drain"}),
    "AddressPolicy": (
        "office",
        {"targetRefs": [{"kind": "Route", "name": "models"}], "allow": ["203.0.113.0/24", "2001:db8::/32"]},
    ),
    "CorsPolicy": (
        "console",
        {
            "targetRefs": [{"kind": "Route", "name": "models"}],
            "allowOrigins": ["https://console.acme.example"],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["authorization", "content-type"],
        },
    ),
    "ValidationPolicy": (
        "orders",
        {
            "targetRefs": [{"kind": "Service", "name": "orders"}],
            "requestSchema": {"type": "object", "required": ["item"], "properties": {"item": {"type": "string"}}},
        },
    ),
}
_PLATFORM = ("Tenant", "Gateway")


def example(kind: str) -> dict[str, Any]:
    """A document of this kind as a client would send it."""
    name, spec = _SPECS[kind]
    tenant = "platform" if kind in _PLATFORM else "acme"
    metadata = {"name": name, "tenant": tenant}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}
