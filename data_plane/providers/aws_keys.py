"""Keys of an AWS user: requests are signed by them, or by those of a role that they may take on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from data_plane.providers.aws_role import NO_ROLE, AwsRole, assume_role, sts_url
from data_plane.providers.aws_signing import SignedByKeys, SignedByToken
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.sigv4 import AwsCredential, Signer
from data_plane.providers.token import Issued, TokenSource


@dataclass(frozen=True, slots=True)
class AwsScope:
    """What signatures are for."""

    region: str
    service: str = "bedrock"


@dataclass(frozen=True, slots=True, repr=False)
class AwsKeys:
    """Implements `CredentialSpec`. `role`: to be taken on first, if it has an ARN."""

    scope: AwsScope
    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    role: AwsRole = NO_ROLE

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: a header cannot carry the id or the token.
        """
        self.keys()

    def keys(self) -> AwsCredential:
        return AwsCredential(self.access_key_id, self.secret_access_key, self.session_token)

    def start(self) -> SignedByKeys | SignedByToken:
        return start_aws_keys(self, os.environ)


def start_aws_keys(
    spec: AwsKeys, environment: Mapping[str, str], clock: Clock = SYSTEM_CLOCK
) -> SignedByKeys | SignedByToken:
    """At work, in an environment and by a clock of one's own."""
    keys, scope = spec.keys(), spec.scope
    if not spec.role.arn:
        return SignedByKeys(Signer(keys, scope.region, scope.service), clock)

    async def fetch() -> Issued[Signer]:
        url = sts_url(spec.role, scope.region, environment)
        issued = await assume_role(spec.role, keys, scope.region, url, clock)
        return Issued(Signer(issued.value, scope.region, scope.service), issued.lifetime_seconds)

    return SignedByToken(TokenSource(f"role '{spec.role.arn}'", fetch, clock), clock)
