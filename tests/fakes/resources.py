"""Valid resources by chance, small enough to refer to each other."""

import json
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from config_schemas.canonical import resource_path, to_bytes
from config_schemas.registry import KINDS

NAMES = st.sampled_from(["a", "b", "c"])
TENANTS = st.sampled_from(["default", "other", "platform"])
LABELS = st.dictionaries(st.sampled_from(["team", "tier"]), st.sampled_from(["x", "y"]), max_size=2)
TEXTS = st.text(max_size=5)
SECONDS = st.integers(1, 86400)
TIMES = st.sampled_from(["2026-11-24T10:00:00Z", "2026-11-24T10:00:00.5Z", "2024-02-29T00:00:00Z"])
TARGET_KINDS = st.sampled_from(["Gateway", "Tenant", "Team", "Route", "Service", "Model", "Application", "Credential"])


def optional(required: dict[str, st.SearchStrategy[Any]], **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object that may lack any of `others`."""
    return st.fixed_dictionaries(required, optional=others)


def lists(strategy: st.SearchStrategy[Any], minimum: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=minimum, max_size=2)


REFERENCES = st.fixed_dictionaries({"name": NAMES})
TLS = optional({}, serverName=st.just("upstream.example"), verification=st.sampled_from(["Full", "Insecure"]))
WEIGHTS = st.integers(0, 3)
MODEL_TARGETS = optional({"providerRef": REFERENCES}, model=st.just("m-1"), region=st.just("eu"), weight=WEIGHTS)
VERSIONS = st.lists(
    optional({"name": NAMES, "weight": st.integers(1, 3), "targets": lists(MODEL_TARGETS, 1)}),
    min_size=1,
    max_size=2,
    unique_by=lambda version: str(version["name"]),
)
PATHS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Exact", "Prefix"]), "value": st.sampled_from(["/", "/v1", "/v1/chat/completions"])}
    ),
    st.fixed_dictionaries({"type": st.just("Template"), "value": st.sampled_from(["/v1/{a}", "/{a}/models"])}),
)
HEADER_VALUES = st.fixed_dictionaries({"name": st.sampled_from(["x-a", "x-b"]), "value": st.sampled_from(["1", ""])})
MATCHES = optional(
    {},
    path=PATHS,
    methods=lists(st.sampled_from(["GET", "POST"])),
    headers=lists(HEADER_VALUES),
    query=lists(st.fixed_dictionaries({"name": st.just("q"), "value": st.sampled_from(["1", "2"])})),
)
ROUTE_COMMON = {
    "gatewayRefs": lists(st.fixed_dictionaries({"name": st.sampled_from(["edge", "inner"])})),
    "hostnames": lists(st.sampled_from(["a.example", "*.example", "b.a.example"])),
    "matches": lists(MATCHES, 1),
    "authentication": optional(
        {},
        methods=lists(st.sampled_from(["ApiKey", "Anonymous"]), 1),
        keyInQuery=st.sampled_from(["Allow", "Refuse"]),
    ),
}
CHANGES = optional({}, set=lists(HEADER_VALUES), remove=lists(st.sampled_from(["x-c", "server"])))


def _attached(required: dict[str, st.SearchStrategy[Any]], **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Specs of policies."""
    common = {
        "priority": st.integers(-2, 2),
        "mode": st.sampled_from(["Enforce", "Shadow"]),
        "locked": st.sampled_from(["Open", "Locked"]),
    }
    refs = lists(optional({"kind": TARGET_KINDS, "name": NAMES}, sectionName=NAMES), 1)
    selector = optional({"kind": TARGET_KINDS}, matchLabels=LABELS)
    return st.one_of(
        optional({**required, "targetRefs": refs}, **common, **others),
        optional({**required, "selector": selector}, **common, **others),
    )


SPECS: dict[str, st.SearchStrategy[Any]] = {
    "Tenant": optional({}, displayName=TEXTS),
    "Gateway": optional({}, tenants=optional({}, matchLabels=LABELS)),
    "Team": optional({}, displayName=TEXTS),
    "Secret": st.fixed_dictionaries({"data": st.dictionaries(st.just("value"), st.just("sk-1"), min_size=1)}),
    "Service": optional(
        {"endpoints": lists(optional({"host": st.just("h.example"), "port": st.integers(1, 9), "weight": WEIGHTS}), 1)},
        protocol=st.sampled_from(["HTTP", "HTTPS"]),
        tls=TLS,
        basePath=st.just("/base"),
    ),
    "Provider": optional(
        {"type": st.sampled_from(["OpenAI", "Anthropic", "Gemini"])},
        baseUrl=st.sampled_from(["", "http://127.0.0.1:8000/v1"]),
        auth=optional({}, type=st.sampled_from(["ApiKey", "None"]), secretRef=REFERENCES, header=st.just("x-key")),
        tls=TLS,
    ),
    "Model": optional(
        {"versions": VERSIONS},
        modelName=st.sampled_from(["gpt", "claude"]),
        aliases=lists(st.sampled_from(["fast", "good"])),
        stickiness=st.just({"by": "Application"}),
    ),
    "Application": optional({}, teamRef=REFERENCES, allowedModels=lists(NAMES), allowedRoutes=lists(NAMES)),
    "Credential": optional(
        {
            "applicationRef": REFERENCES,
            "hash": st.integers(0, 9).map(lambda n: "sha256:" + sha256(b"key%d" % n).hexdigest()),
        },
        state=st.sampled_from(["Active", "Revoked"]),
        expiresAt=TIMES,
    ),
    "Route": st.one_of(
        optional({"serviceRef": REFERENCES}, **ROUTE_COMMON),
        optional({"models": optional({"matchLabels": LABELS}, refs=lists(REFERENCES))}, **ROUTE_COMMON),
    ),
    "TimeoutPolicy": _attached({"requestSeconds": SECONDS}, idleSeconds=SECONDS),
    "HeaderPolicy": _attached({"request": st.just({"remove": ["x-c"]})}, response=CHANGES),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document that admission would take."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    tenant = "platform" if KINDS[kind].SCOPE == "Platform" else draw(TENANTS)
    metadata = draw(optional({"name": NAMES}, labels=LABELS, createdAt=TIMES))
    return {
        "apiVersion": "isthmus.dev/v1",
        "kind": kind,
        "metadata": {**metadata, "tenant": tenant},
        "spec": draw(SPECS[kind]),
    }


def stored(document: dict[str, Any]) -> tuple[str, bytes]:
    """Path and canonical bytes."""
    resource = KINDS[document["kind"]].model_validate_json(json.dumps(document))
    return resource_path(resource), to_bytes(resource)
