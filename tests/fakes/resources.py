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
NETWORKS = st.sampled_from(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"])
CORS_TARGET_KINDS = st.sampled_from(["Gateway", "Tenant", "Route", "Service"])
TARGET_KINDS = st.sampled_from(["Gateway", "Tenant", "Team", "Route", "Service", "Model", "Application", "Credential"])


def optional(required: dict[str, st.SearchStrategy[Any]], **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object that may lack any of `others`."""
    return st.fixed_dictionaries(required, optional=others)


def lists(strategy: st.SearchStrategy[Any], minimum: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=minimum, max_size=2)


REFERENCES = st.fixed_dictionaries({"name": NAMES})
TARGET_REFERENCES = optional({"kind": TARGET_KINDS, "name": NAMES}, sectionName=NAMES)
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
ADDED = lists(st.just({"name": "x-d", "value": "1"}))
CHANGES = optional({}, set=lists(HEADER_VALUES), add=ADDED, remove=lists(st.sampled_from(["x-c", "server"])))
ENDPOINTS = optional({"host": st.just("h.example"), "port": st.integers(1, 9)}, weight=WEIGHTS)
API_VERSIONS = st.fixed_dictionaries(
    {
        "versions": st.just(
            [
                {"name": "v1", "stage": "Deprecated", "deprecatedAt": "2026-01-01T00:00:00Z", "successor": "v2"},
                {"name": "v2", "basePath": "/two", "endpoints": [{"host": "h.example", "port": 2}]},
            ]
        ),
        "versioning": st.sampled_from(
            [{"by": "Path", "default": "v1"}, {"by": "Header", "name": "x-version"}, {"by": "Query", "name": "version"}]
        ),
    }
)
CHANGED_PATHS = st.just({"type": "ReplaceFull", "value": "/new"})
REWRITES = optional({"path": CHANGED_PATHS}, hostname=st.just("inner.example"))
REDIRECTS = optional({"path": CHANGED_PATHS}, scheme=st.just("https"), statusCode=st.sampled_from([301, 308]))
ANSWERS = optional({}, status=st.sampled_from([200, 503]), body=TEXTS, headers=lists(HEADER_VALUES))


def _attached(
    required: dict[str, st.SearchStrategy[Any]],
    *,
    references: st.SearchStrategy[Any] = TARGET_REFERENCES,
    kinds: st.SearchStrategy[str] = TARGET_KINDS,
    **others: st.SearchStrategy[Any],
) -> st.SearchStrategy[Any]:
    """Specs of policies."""
    common = {
        "priority": st.integers(-2, 2),
        "mode": st.sampled_from(["Enforce", "Shadow"]),
        "locked": st.sampled_from(["Open", "Locked"]),
    }
    refs = lists(references, 1)
    selector = optional({"kind": kinds}, matchLabels=LABELS)
    return st.one_of(
        optional({**required, "targetRefs": refs}, **common, **others),
        optional({**required, "selector": selector}, **common, **others),
    )


PROVIDER_AUTHS = st.one_of(
    optional({}, type=st.sampled_from(["ApiKey", "None"]), secretRef=REFERENCES, header=st.just("x-key")),
    optional({"secretRefs": st.lists(REFERENCES, min_size=2, max_size=3, unique_by=str)}, cooldownSeconds=st.just(5)),
    st.fixed_dictionaries(
        {
            "type": st.just("OAuthClient"),
            "secretRef": REFERENCES,
            "oauth": optional(
                {"tokenUrl": st.just("https://idp.example/token"), "clientId": st.just("c")},
                scopes=st.just(["a", "b"]),
                clientAuthentication=st.just("Post"),
            ),
        }
    ),
    st.fixed_dictionaries({"type": st.just("GoogleServiceAccount"), "secretRef": REFERENCES}),
    st.fixed_dictionaries({"type": st.just("AwsKeys"), "aws": st.fixed_dictionaries({"keysRef": REFERENCES})}),
)
SPECS: dict[str, st.SearchStrategy[Any]] = {
    "Tenant": optional({}, displayName=TEXTS),
    "Gateway": optional(
        {},
        tenants=optional({}, matchLabels=LABELS),
        clientAddress=optional({}, trustedProxies=lists(NETWORKS), header=st.sampled_from(["Forwarded", "None"])),
        perAddress=optional({"connections": st.integers(1, 9)}, exempt=lists(NETWORKS)),
        tls=optional(
            {},
            certificateRefs=lists(REFERENCES),
            minVersion=st.sampled_from(["TLS1.2", "TLS1.3"]),
            clientCertificates=st.just({"mode": "Optional", "caPem": "a"}),
        ),
    ),
    "Team": optional({}, displayName=TEXTS),
    "Secret": st.fixed_dictionaries({"data": st.dictionaries(st.just("value"), st.just("sk-1"), min_size=1)}),
    "Service": st.builds(
        lambda spec, versions: {**spec, **versions},
        optional(
            {"endpoints": lists(ENDPOINTS, 1)},
            protocol=st.sampled_from(["HTTP", "HTTPS"]),
            tls=TLS,
            basePath=st.just("/base"),
        ),
        st.one_of(st.just({}), API_VERSIONS),
    ),
    "Provider": optional(
        {"type": st.sampled_from(["OpenAI", "Anthropic", "Gemini"]), "region": st.just("eu-west-1")},
        baseUrl=st.sampled_from(["", "http://127.0.0.1:8000/v1"]),
        auth=PROVIDER_AUTHS,
        tls=TLS,
    ),
    "Model": optional(
        {"versions": VERSIONS},
        modelName=st.sampled_from(["gpt", "claude"]),
        aliases=lists(st.sampled_from(["fast", "good"])),
        stickiness=st.just({"by": "Application"}),
    ),
    "CatalogEntry": optional(
        {"model": optional({"value": st.sampled_from(["gpt", "claude"])}, type=st.sampled_from(["Exact", "Prefix"]))},
        providerTypes=lists(st.sampled_from(["OpenAI", "VLLM"])),
        providerRefs=lists(REFERENCES),
        capabilities=st.just({"contextTokens": 4096, "prefill": "Unsupported"}),
        pricing=st.sampled_from(["Catalog", "Free"]),
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
        optional({"serviceRef": REFERENCES}, rewrite=REWRITES, **ROUTE_COMMON),
        optional({"redirect": REDIRECTS}, **ROUTE_COMMON),
        optional({"respond": ANSWERS}, **ROUTE_COMMON),
        optional({"models": optional({"matchLabels": LABELS}, refs=lists(REFERENCES))}, **ROUTE_COMMON),
    ),
    "TimeoutPolicy": _attached({"requestSeconds": SECONDS}, idleSeconds=SECONDS),
    "StreamPolicy": _attached(
        {"keepAliveSeconds": st.integers(0, 3600)}, onClientGone=st.sampled_from(["Cancel", "Drain"])
    ),
    "HeaderPolicy": _attached({"request": st.just({"remove": ["x-c"]})}, response=CHANGES),
    "CorsPolicy": _attached(
        {"allowOrigins": st.sampled_from([["*"], ["https://a.example", "https://*.b.example"]])},
        references=st.fixed_dictionaries({"kind": CORS_TARGET_KINDS, "name": NAMES}),
        kinds=CORS_TARGET_KINDS,
        allowHeaders=lists(st.sampled_from(["x-a", "content-type"])),
    ),
    "AddressPolicy": _attached({"allow": lists(NETWORKS, 1)}, deny=lists(NETWORKS)),
    "ValidationPolicy": _attached({"requestSchema": st.sampled_from(["{}", '{"type":"array"}'])}),
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
