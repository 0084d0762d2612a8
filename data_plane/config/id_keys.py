"""The key of a Gateway under which ids of what providers keep are sealed."""

from config_schemas.base import PLATFORM_TENANT
from data_plane.config import structs
from data_plane.config.state import Build
from data_plane.providers.sealed_id import IdSealer


def find_sealer(build: Build, gateway: str) -> IdSealer | None:
    """None: the Gateway names no key, or one that is not served or could be guessed."""
    resource = build.resource(f"{PLATFORM_TENANT}/Gateway/{gateway}")
    if not isinstance(resource, structs.Gateway) or resource.spec.sealed_ids is None:
        return None
    reference = resource.spec.sealed_ids.secret_ref
    secret = build.resource(f"{PLATFORM_TENANT}/Secret/{reference.name}")
    if not isinstance(secret, structs.Secret) or reference.key not in secret.spec.data:
        return None
    others = [text for key, text in sorted(secret.spec.data.items()) if key != reference.key]
    try:
        return IdSealer((secret.spec.data[reference.key], *others))
    except ValueError:
        return None
