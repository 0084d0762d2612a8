"""Identities of Microsoft Entra: an application with a secret, and a pod's workload identity.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (2026-11).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from data_plane.providers.bearer import Bearer
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.identity_file import read_identity_token
from data_plane.providers.oauth_client import OAuthClient
from data_plane.providers.token import Issued, TokenFailure, TokenSource
from data_plane.providers.token_endpoint import Call, bearer_token, send

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def azure_client(account: "AzureAccount", secret: str) -> OAuthClient:
    """An application that proves itself by a secret."""
    url = token_url(account.authority_url or PUBLIC_AUTHORITY, account.tenant_id)
    return OAuthClient(url, account.client_id, secret, account.scope, proof="Post")


def token_url(authority_url: str, tenant_id: str) -> str:
    return f"{authority_url.rstrip('/')}/{tenant_id}/oauth2/v2.0/token"


@dataclass(frozen=True, slots=True)
class AzureAccount:
    """Who we are there. What is empty is taken from the pod's environment, as its webhook writes it."""

    tenant_id: str = ""
    client_id: str = ""
    scope: str = ""
    authority_url: str = ""


@dataclass(frozen=True, slots=True)
class AzureWorkloadIdentity:
    """Implements `CredentialSpec`. The pod's own token stands in the place of a secret."""

    account: AzureAccount
    token_file: str = ""

    def start(self) -> Bearer:
        return start_azure_identity(self, os.environ)


def start_azure_identity(
    spec: AzureWorkloadIdentity, environment: Mapping[str, str], clock: Clock = SYSTEM_CLOCK
) -> Bearer:
    """At work, in an environment and by a clock of one's own."""

    async def fetch() -> Issued[bytes]:
        return bearer_token(await send(_call(spec, environment)))

    return Bearer(TokenSource("Azure workload identity", fetch, clock))


def _call(spec: AzureWorkloadIdentity, environment: Mapping[str, str]) -> Call:
    account = spec.account

    def given(value: str, variable: str) -> str:
        found = value or environment.get(variable, "")
        if not found:
            raise TokenFailure(f"the environment has no {variable}: label the pod `azure.workload.identity/use: true`")
        return found

    authority = account.authority_url or environment.get("AZURE_AUTHORITY_HOST") or PUBLIC_AUTHORITY
    fields = {
        "grant_type": "client_credentials",
        "client_id": given(account.client_id, "AZURE_CLIENT_ID"),
        "scope": account.scope,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": read_identity_token(given(spec.token_file, "AZURE_FEDERATED_TOKEN_FILE")),
    }
    return Call.form(token_url(authority, given(account.tenant_id, "AZURE_TENANT_ID")), fields)
