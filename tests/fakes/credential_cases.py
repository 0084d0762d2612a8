"""Every credential that is fetched, at its fake: what the contract is tested with."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from data_plane.providers.aws_identity import AwsWorkloadIdentity, start_aws_identity
from data_plane.providers.aws_keys import AwsKeys, AwsScope, start_aws_keys
from data_plane.providers.aws_role import AwsRole
from data_plane.providers.azure_identity import (
    AzureAccount,
    AzureWorkloadIdentity,
    azure_client,
    start_azure_identity,
)
from data_plane.providers.clock import Clock
from data_plane.providers.credential import Credential, CredentialSpec
from data_plane.providers.google_account import read_key_file, start_google_account
from data_plane.providers.google_federation import GoogleFederation, start_google_federation
from data_plane.providers.google_identity import GoogleWorkloadIdentity, start_google_identity
from data_plane.providers.oauth_client import OAuthClient, start_oauth_client
from tests.fakes import aws_issuer, oauth_issuer
from tests.fakes.aws_issuer import CONTAINER_TOKEN, EXTERNAL_ID, KEY_ID, ROLE, SECRET, TEMPORARY_SECRET
from tests.fakes.identity_server import Answer, IdentityServer, serving
from tests.fakes.oauth_issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET, POD_TOKEN, service_account
from tests.fakes.virtual_clock import VirtualClock

SCOPE = AwsScope("us-east-1")
AZURE = "https://cognitiveservices.azure.com/.default"
PATHS: dict[str, Answer] = {
    "/oauth": oauth_issuer.client_credentials,
    "/tenant-1/oauth2/v2.0/token": oauth_issuer.entra,
    "/google": oauth_issuer.google_jwt,
    "/computeMetadata/v1/instance/service-accounts/default/token": oauth_issuer.google_metadata,
    "/exchange": oauth_issuer.google_exchange,
    "/impersonate": oauth_issuer.google_impersonation,
    "/sts": aws_issuer.sts,
    "/container": aws_issuer.container,
    "/latest/api/token": aws_issuer.instance_session,
    "/latest/meta-data/iam/security-credentials/": aws_issuer.instance_roles,
    "/latest/meta-data/iam/security-credentials/{role}": aws_issuer.instance_keys,
}
SECRETS = (
    CLIENT_SECRET,
    "s3cr3t",
    POD_TOKEN,
    "PRIVATE KEY",
    SECRET,
    TEMPORARY_SECRET,
    CONTAINER_TOKEN,
    "at-",
    "session-",
)


@dataclass(frozen=True)
class Stage:
    """Where a case plays."""

    url: str
    folder: Path
    clock: Clock

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text + "\n")
        return str(path)


Made = tuple[CredentialSpec, Credential]
Case = Callable[[Stage], Made]


def oauth_basic(stage: Stage) -> Made:
    spec = OAuthClient(f"{stage.url}/oauth", CLIENT_ID, CLIENT_SECRET, "one two")
    return spec, start_oauth_client(spec, stage.clock)


def oauth_post(stage: Stage) -> Made:
    spec = OAuthClient(f"{stage.url}/oauth", CLIENT_ID, CLIENT_SECRET, "one two", proof="Post")
    return spec, start_oauth_client(spec, stage.clock)


def azure_secret(stage: Stage) -> Made:
    spec = azure_client(AzureAccount("tenant-1", CLIENT_ID, AZURE, stage.url), CLIENT_SECRET)
    return spec, start_oauth_client(spec, stage.clock)


def azure_workload(stage: Stage) -> Made:
    spec = AzureWorkloadIdentity(AzureAccount(scope=AZURE))
    environment = {
        "AZURE_TENANT_ID": "tenant-1",
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_AUTHORITY_HOST": f"{stage.url}/",
        "AZURE_FEDERATED_TOKEN_FILE": stage.file("token", POD_TOKEN),
    }
    return spec, start_azure_identity(spec, environment, stage.clock)


def google_account(stage: Stage) -> Made:
    spec = read_key_file(service_account(f"{stage.url}/google"), "")
    return spec, start_google_account(spec, stage.clock)


def google_metadata(stage: Stage) -> Made:
    spec = GoogleWorkloadIdentity()
    environment = {"GCE_METADATA_HOST": stage.url.removeprefix("http://")}
    return spec, start_google_identity(spec, environment, stage.clock)


def google_federation(stage: Stage) -> Made:
    return _federation(stage, {"file": stage.file("token", POD_TOKEN)})


def google_impersonation(stage: Stage) -> Made:
    content = stage.file("token", json.dumps({"id_token": POD_TOKEN}))
    source = {"file": content, "format": {"type": "json", "subject_token_field_name": "id_token"}}
    return _federation(stage, source, service_account_impersonation_url=f"{stage.url}/impersonate")


def aws_role(stage: Stage) -> Made:
    spec = AwsKeys(SCOPE, KEY_ID, SECRET, role=AwsRole(ROLE, external_id=EXTERNAL_ID, url=f"{stage.url}/sts"))
    return spec, start_aws_keys(spec, {}, stage.clock)


def aws_web_identity(stage: Stage) -> Made:
    spec = AwsWorkloadIdentity(SCOPE)
    environment = {
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": stage.file("token", POD_TOKEN),
        "AWS_ENDPOINT_URL_STS": f"{stage.url}/sts",
    }
    return spec, start_aws_identity(spec, environment, stage.clock)


def aws_pod_identity(stage: Stage) -> Made:
    spec = AwsWorkloadIdentity(SCOPE)
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{stage.url}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": stage.file("token", CONTAINER_TOKEN),
    }
    return spec, start_aws_identity(spec, environment, stage.clock)


def aws_instance(stage: Stage) -> Made:
    spec = AwsWorkloadIdentity(SCOPE)
    return spec, start_aws_identity(spec, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": stage.url}, stage.clock)


FETCHED: dict[str, Case] = {
    "OAuth client in a header": oauth_basic,
    "OAuth client in the form": oauth_post,
    "Azure client secret": azure_secret,
    "Azure workload identity": azure_workload,
    "Google service account": google_account,
    "Google metadata server": google_metadata,
    "Google federation": google_federation,
    "Google federation with impersonation": google_impersonation,
    "AWS role by keys": aws_role,
    "AWS web identity": aws_web_identity,
    "AWS container": aws_pod_identity,
    "AWS instance": aws_instance,
}


@asynccontextmanager
async def staged(
    case: Case, folder: Path
) -> AsyncIterator[tuple[CredentialSpec, Credential, IdentityServer, VirtualClock]]:
    """A credential at work, before its first fetch, and its fake."""
    time = VirtualClock()
    async with serving(time.wall, PATHS) as server:
        spec, credential = case(Stage(server.url, folder, time.clock))
        yield spec, credential, server, time


def _federation(stage: Stage, source: Mapping[str, object], **others: str) -> Made:
    account = {
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{stage.url}/exchange",
        "credential_source": source,
        **others,
    }
    spec = GoogleFederation(stage.file("account.json", json.dumps(account)))
    return spec, start_google_federation(spec, stage.clock)
