"""Which resources a document refers to, and where in it.

Works on documents, not on models, so that the same table serves admission and the index over hundreds of thousands of
stored ones. `Application.spec.allowedModels` and `allowedRoutes` are not references but permissions: naming what does
not exist allows nothing, and Applications come before Routes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config_schemas.base import PLATFORM_TENANT
from config_schemas.registry import KINDS, POLICY_KINDS
from config_schemas.routing.gateway_tls import CERTIFICATE_KEY, PRIVATE_KEY
from config_schemas.routing.provider_auth import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from control_plane.errors import FieldError

# By kind: the field, a `[]` for every list, and the kind it names. "" : the reference says its kind itself.
# After a `#` stands the key of a Secret that is meant, where the reference does not say it.
_TARGET_REFS = (("spec.targetRefs[]", ""),)
_UPSTREAM_TLS = tuple(("spec.tls.clientCertificateRef", f"Secret#{key}") for key in (CERTIFICATE_KEY, PRIVATE_KEY))
FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Application": (("spec.teamRef", "Team"),),
    "CatalogEntry": (("spec.providerRefs[]", "Provider"),),
    "Credential": (("spec.applicationRef", "Application"),),
    "Gateway": (
        ("spec.tls.certificateRefs[]", "Secret#tls.crt"),
        ("spec.tls.certificateRefs[]", "Secret#tls.key"),
        ("spec.sealedIds.secretRef", "Secret"),
    ),
    "Model": (("spec.versions[].targets[].providerRef", "Provider"),),
    "Provider": (
        ("spec.auth.secretRef", "Secret"),
        ("spec.auth.secretRefs[]", "Secret"),
        *(("spec.auth.aws.keysRef", f"Secret#{key}") for key in (ACCESS_KEY_ID, SECRET_ACCESS_KEY)),
        *_UPSTREAM_TLS,
    ),
    "Route": (
        ("spec.gatewayRefs[]", "Gateway"),
        ("spec.models.refs[]", "Model"),
        ("spec.serviceRef", "Service"),
        ("spec.providerRef", "Provider"),
    ),
    "Service": _UPSTREAM_TLS,
    **dict.fromkeys(POLICY_KINDS, _TARGET_REFS),
}


@dataclass(frozen=True, slots=True)
class Ref:
    """One reference. `field` is where it stands, `secret_key` the key of a Secret that it names."""

    kind: str
    tenant: str
    name: str
    field: str
    secret_key: str | None = None

    @property
    def path(self) -> str:
        return f"{self.tenant}/{self.kind}/{self.name}"


def references(document: Mapping[str, Any]) -> tuple[Ref, ...]:
    """All references of a stored or admitted document, its tenant first; what has another shape is passed over."""
    kind, metadata = document.get("kind"), document.get("metadata")
    if not isinstance(kind, str) or kind not in KINDS or not isinstance(metadata, Mapping):
        return ()
    tenant = metadata.get("tenant")
    if not isinstance(tenant, str):
        return ()
    found = []
    if tenant != PLATFORM_TENANT:
        found.append(Ref("Tenant", PLATFORM_TENANT, tenant, "metadata.tenant"))
    for pattern, target_kind in FIELDS.get(kind, ()):
        for path, value in _values(document, pattern.split("."), ""):
            if ref := _reference(value, path, target_kind, tenant):
                found.append(ref)
    return tuple(found)


def foreign_references(refs: tuple[Ref, ...], tenant: str) -> list[FieldError]:
    """An error for each reference to another tenant than one's own and `platform`."""
    allowed = {tenant, PLATFORM_TENANT}
    message = f"must be '{tenant}' or '{PLATFORM_TENANT}': resources of other tenants cannot be used"
    errors = [FieldError(f"{ref.field}.tenant", message) for ref in refs if ref.tenant not in allowed]
    for ref in refs:
        if ref.kind == "Tenant" and tenant != PLATFORM_TENANT and ref.name != tenant:
            errors.append(FieldError(f"{ref.field}.name", f"must be '{tenant}': a policy reaches its own tenant only"))
    return errors


def _reference(value: object, field: str, kind: str, tenant: str) -> Ref | None:
    if not isinstance(value, Mapping) or not isinstance(name := value.get("name"), str):
        return None
    kind, _, fixed_key = kind.partition("#")
    named_kind = kind or value.get("kind")
    if not isinstance(named_kind, str) or named_kind not in KINDS:
        return None
    if KINDS[named_kind].SCOPE == "Platform":
        target_tenant = PLATFORM_TENANT
    elif not kind and tenant == PLATFORM_TENANT:
        return None  # a platform policy names resources of every tenant, which need not be in all of them
    else:
        given = value.get("tenant")
        target_tenant = given if isinstance(given, str) else tenant
    key = (fixed_key or value.get("key", "value")) if named_kind == "Secret" else None
    return Ref(named_kind, target_tenant, name, field, key if isinstance(key, str) else None)


def _values(value: object, parts: list[str], path: str) -> Iterator[tuple[str, object]]:
    """Every value that a field pattern reaches, with its path."""
    if not parts:
        yield path, value
        return
    name = parts[0].removesuffix("[]")
    if not isinstance(value, Mapping) or name not in value:
        return
    path = f"{path}.{name}" if path else name
    if not parts[0].endswith("[]"):
        yield from _values(value[name], parts[1:], path)
    elif isinstance(items := value[name], list):
        for index, item in enumerate(items):
            yield from _values(item, parts[1:], f"{path}[{index}]")
