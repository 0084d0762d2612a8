"""The identity that AWS gives a pod, a task or an instance; requests are signed by its temporary keys.

Looked for in the order of AWS's own libraries: a web identity (IRSA), container credentials (EKS Pod Identity, ECS),
the instance's role.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from data_plane.providers.aws_keys import AwsScope
from data_plane.providers.aws_metadata import container_keys, has_container_keys, instance_keys
from data_plane.providers.aws_role import (
    DEFAULT_SESSION,
    NO_ROLE,
    AwsRole,
    assume_role,
    assume_role_with_web_identity,
    sts_url,
)
from data_plane.providers.aws_signing import SignedByToken
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.identity_file import read_identity_token
from data_plane.providers.sigv4 import AwsCredential, Signer
from data_plane.providers.token import Issued, TokenFailure, TokenSource


@dataclass(frozen=True, slots=True)
class AwsWorkloadIdentity:
    """Implements `CredentialSpec`. What is empty is taken from the environment.

    `role`: taken on by the token of `token_file`; where there is none, by the keys of the container or the instance.
    """

    scope: AwsScope
    role: AwsRole = NO_ROLE
    token_file: str = ""

    def start(self) -> SignedByToken:
        return start_aws_identity(self, os.environ)


def start_aws_identity(
    spec: AwsWorkloadIdentity, environment: Mapping[str, str], clock: Clock = SYSTEM_CLOCK
) -> SignedByToken:
    """At work, in an environment and by a clock of one's own."""
    scope = spec.scope

    async def fetch() -> Issued[Signer]:
        issued = await _temporary(spec, environment, clock)
        return Issued(Signer(issued.value, scope.region, scope.service), issued.lifetime_seconds)

    return SignedByToken(TokenSource("AWS workload identity", fetch, clock), clock)


async def _temporary(spec: AwsWorkloadIdentity, environment: Mapping[str, str], clock: Clock) -> Issued[AwsCredential]:
    role, url = spec.role, sts_url(spec.role, spec.scope.region, environment)
    path = spec.token_file or environment.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    if path:
        arn = role.arn or environment.get("AWS_ROLE_ARN", "")
        if not arn:
            raise TokenFailure("no role is named: set `aws.roleArn`, or annotate the service account")
        session = environment.get("AWS_ROLE_SESSION_NAME", "") if role.session == DEFAULT_SESSION else ""
        named = AwsRole(arn, session or role.session)
        return await assume_role_with_web_identity(named, read_identity_token(path), url, clock)
    given = container_keys if has_container_keys(environment) else instance_keys
    issued = await given(environment, clock)
    if not role.arn:
        return issued
    return await assume_role(role, issued.value, spec.scope.region, url, clock)
