"""The identity that Google gives a machine or a pod: a token from the metadata server.

Source: cloud.google.com/compute/docs/access/authenticate-workloads (2026-11).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from data_plane.providers.bearer import Bearer
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.token import Issued, TokenFailure, TokenSource
from data_plane.providers.token_endpoint import Call, bearer_token, send

METADATA_HOST = "metadata.google.internal"
TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
FLAVOR = {"metadata-flavor": "Google"}  # the server refuses requests without it, and shows itself by it


@dataclass(frozen=True, slots=True)
class GoogleWorkloadIdentity:
    """Implements `CredentialSpec`. `scope`: words with spaces between them; empty is what the machine was given."""

    scope: str = ""

    def start(self) -> Bearer:
        return start_google_identity(self, os.environ)


def start_google_identity(
    spec: GoogleWorkloadIdentity, environment: Mapping[str, str], clock: Clock = SYSTEM_CLOCK
) -> Bearer:
    """At work, in an environment and by a clock of one's own."""

    async def fetch() -> Issued[bytes]:
        host = environment.get("GCE_METADATA_HOST") or environment.get("GCE_METADATA_ROOT") or METADATA_HOST
        query = f"?{urlencode({'scopes': spec.scope.replace(' ', ',')})}" if spec.scope else ""
        reply = await send(Call(f"http://{host}{TOKEN_PATH}{query}", headers=FLAVOR))
        if reply.headers.get("metadata-flavor") != FLAVOR["metadata-flavor"]:
            raise TokenFailure(f"'{reply.host}' is no metadata server of Google")
        return bearer_token(reply)

    return Bearer(TokenSource("Google workload identity", fetch, clock))
