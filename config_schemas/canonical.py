"""The one byte form of a resource, for the store, the wire and hashes: sorted keys, no spaces, defaults left out."""

import hashlib
import json
from typing import Any

from config_schemas.base import PLATFORM_TENANT, Resource

PATH_PREFIX = "/isthmus/v1/"


def resource_path(resource: Resource) -> str:
    """`<tenant>/<Kind>/<name>`: what a resource is called everywhere outside it."""
    return f"{resource.metadata.tenant}/{resource.KIND}/{resource.metadata.name}"


def to_document(resource: Resource) -> dict[str, Any]:
    """The resource as JSON data without defaults and without what is only known on reads."""
    document = resource.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    metadata = {key: value for key, value in document["metadata"].items() if key != "revision"}
    metadata["tenant"] = resource.metadata.tenant  # also where it is the default: the path says it, so must the text
    return {
        "apiVersion": resource.api_version,
        "kind": resource.KIND,
        "metadata": metadata,
        "spec": document.get("spec", {}),
    }


def encode(document: dict[str, Any]) -> bytes:
    """Canonical JSON. Equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def to_bytes(resource: Resource) -> bytes:
    """The canonical form of a resource."""
    return encode(to_document(resource))


def spec_hash(resource: Resource) -> str:
    """SHA-256 over the canonical spec, in hex: equal if and only if nothing that matters to traffic differs."""
    return hashlib.sha256(encode(to_document(resource)["spec"])).hexdigest()


def default_tenant(kind: type[Resource]) -> str:
    """The tenant of a document that names none."""
    return PLATFORM_TENANT if kind.SCOPE == "Platform" else "default"
