"""Opens a Secret's values for sending; nothing else of the control plane sees them."""

import json

from config_schemas.canonical import encode
from control_plane.distribution.item import Unreadable, Unseal
from control_plane.secrets.sealer import Sealer, SealError
from control_plane.secrets.secret_document import open_document


def unsealer(sealer: Sealer) -> Unseal:
    """What the catalog opens Secrets with. What is no Secret's document stays as it is, for the replicas to refuse."""

    def unseal(path: str, payload: bytes) -> bytes:
        try:
            document = json.loads(payload)
        except (ValueError, RecursionError):
            return payload
        if not isinstance(document, dict) or not isinstance(document.get("spec"), dict):
            return payload
        try:
            return encode(open_document(sealer, path, document))
        except SealError as error:
            raise Unreadable(str(error)) from error

    return unseal
