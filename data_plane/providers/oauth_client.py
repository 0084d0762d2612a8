"""The OAuth client credentials grant. Source: RFC 6749, 4.4; resources: RFC 8707."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote_plus

from data_plane.providers.bearer import Bearer
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.token import Issued, TokenSource
from data_plane.providers.token_endpoint import Call, bearer_token, host_of, send

ClientProof = Literal["Basic", "Post"]


@dataclass(frozen=True, slots=True, repr=False)
class OAuthClient:
    """Implements `CredentialSpec`. `proof`: how the client proves itself, in a header or in the form."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""  # words with spaces between them
    audience: str = ""
    resource: str = ""
    proof: ClientProof = "Basic"

    def start(self) -> Bearer:
        return start_oauth_client(self)


def start_oauth_client(spec: OAuthClient, clock: Clock = SYSTEM_CLOCK) -> Bearer:
    """At work, by a clock of one's own."""

    async def fetch() -> Issued[bytes]:
        return bearer_token(await send(_call(spec)))

    return Bearer(TokenSource(f"OAuth client at {host_of(spec.token_url)}", fetch, clock))


def _call(spec: OAuthClient) -> Call:
    fields = {
        "grant_type": "client_credentials",
        "scope": spec.scope,
        "audience": spec.audience,
        "resource": spec.resource,
    }
    if spec.proof == "Post":
        fields |= {"client_id": spec.client_id, "client_secret": spec.client_secret}
        return Call.form(spec.token_url, fields)
    # Both are encoded as in a form before they are joined, so that a colon is none: RFC 6749, 2.3.1.
    pair = f"{quote_plus(spec.client_id)}:{quote_plus(spec.client_secret)}"
    return Call.form(spec.token_url, fields, {"authorization": f"Basic {b64encode(pair.encode()).decode()}"})
