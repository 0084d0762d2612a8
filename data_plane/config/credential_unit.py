"""What proves the gateway to a provider, of what the Provider and its Secrets say."""

from collections.abc import Callable, Mapping

from config_schemas.base import PLATFORM_TENANT
from config_schemas.routing.provider_auth import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, auth_fault
from data_plane.config import structs
from data_plane.config.rejection import Rejected
from data_plane.config.state import Build
from data_plane.providers.api_key import DEFAULT_COOLDOWN_SECONDS, ApiKeys
from data_plane.providers.aws_identity import AwsWorkloadIdentity
from data_plane.providers.aws_keys import AwsKeys, AwsScope
from data_plane.providers.aws_role import AwsRole
from data_plane.providers.azure_identity import AzureAccount, AzureWorkloadIdentity, azure_client
from data_plane.providers.credential import CredentialSpec
from data_plane.providers.google_account import read_key_file
from data_plane.providers.google_federation import GoogleFederation
from data_plane.providers.google_identity import GoogleWorkloadIdentity
from data_plane.providers.key_line import can_be_sent
from data_plane.providers.no_credential import NoCredential
from data_plane.providers.oauth_client import OAuthClient
from data_plane.providers.surface import Place


def make_credential(build: Build, auth: structs.ProviderAuth, tenant: str, place: Place) -> CredentialSpec | None:
    """None: a Secret is not there yet, or holds nothing that can be used; then the provider is not served.

    Raises:
        Rejected: the Provider itself cannot be served.
    """
    fault = auth_fault(auth.type, tenant, place.region)
    if fault:
        raise Rejected(f"`spec`: {fault}")
    try:
        return _MAKERS[auth.type](_Secrets(build, tenant), auth, place)
    except (_NotThere, ValueError):
        return None


class _NotThere(Exception):
    """A Secret, or what is needed of it."""


class _Secrets:
    """Of a tenant and the platform."""

    def __init__(self, build: Build, tenant: str) -> None:
        self._build = build
        self._tenant = tenant

    def get(self, reference: structs.SecretReference | None, field: str) -> str:
        """
        Raises:
            _NotThere: the Secret is not, or has no such key.
            Rejected: another tenant's is asked for.
        """
        if reference is None:
            raise Rejected(f"`spec.auth.{field}` is required")
        value = self.data(reference.name, reference.tenant, field).get(reference.key)
        if value is None:
            raise _NotThere
        return value

    def data(self, name: str, tenant: str | None, field: str) -> Mapping[str, str]:
        owner = tenant or self._tenant
        if owner not in (self._tenant, PLATFORM_TENANT):
            raise Rejected(f"`spec.auth.{field}.tenant` must be '{self._tenant}' or '{PLATFORM_TENANT}'")
        secret = self._build.resource(f"{owner}/Secret/{name}")
        if not isinstance(secret, structs.Secret):
            raise _NotThere
        return secret.spec.data


def _none(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    return NoCredential()


def _api_keys(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    """Of several keys those that are there and can be sent; at least one has to."""
    if auth.secret_ref is None and not auth.secret_refs:
        return NoCredential()
    found = []
    for reference in auth.secret_refs:
        try:
            found.append(secrets.get(reference, "secretRefs"))
        except _NotThere:
            continue
    keys = tuple(key for key in found if can_be_sent(key))
    if auth.secret_ref is not None:
        keys = (secrets.get(auth.secret_ref, "secretRef"),)
    return ApiKeys(keys, auth.header or "", auth.cooldown_seconds or DEFAULT_COOLDOWN_SECONDS)


def _oauth_client(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    oauth = auth.oauth
    if oauth is None:
        raise Rejected("`spec.auth.oauth` is required")
    return OAuthClient(
        oauth.token_url,
        oauth.client_id,
        secrets.get(auth.secret_ref, "secretRef"),
        " ".join(oauth.scopes),
        oauth.audience or "",
        oauth.resource or "",
        oauth.client_authentication,
    )


def _google_account(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    scope = " ".join(auth.google.scopes) if auth.google is not None else ""
    return read_key_file(secrets.get(auth.secret_ref, "secretRef"), scope)


def _google_identity(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    google = auth.google or structs.GoogleSettings()
    scope = " ".join(google.scopes)
    if google.credentials_file is not None:
        return GoogleFederation(google.credentials_file, scope)
    return GoogleWorkloadIdentity(scope)


def _azure_client(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    account = _azure_account(auth)
    if not account.tenant_id or not account.client_id:
        raise Rejected("`spec.auth.azure.tenantId` and `clientId` are required")
    return azure_client(account, secrets.get(auth.secret_ref, "secretRef"))


def _azure_identity(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    token_file = auth.azure.token_file if auth.azure is not None else None
    return AzureWorkloadIdentity(_azure_account(auth), token_file or "")


def _azure_account(auth: structs.ProviderAuth) -> AzureAccount:
    azure = auth.azure or structs.AzureSettings()
    return AzureAccount(azure.tenant_id or "", azure.client_id or "", azure.scope, azure.authority_url or "")


def _aws_keys(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    aws = auth.aws
    if aws is None or aws.keys_ref is None:
        raise Rejected("`spec.auth.aws.keysRef` is required")
    data = secrets.data(aws.keys_ref.name, aws.keys_ref.tenant, "aws.keysRef")
    key_id, key = data.get(ACCESS_KEY_ID), data.get(SECRET_ACCESS_KEY)
    if not key_id or not key:
        raise _NotThere
    return AwsKeys(AwsScope(place.region, aws.service), key_id, key, data.get(SESSION_TOKEN, ""), _role(aws))


def _aws_identity(secrets: _Secrets, auth: structs.ProviderAuth, place: Place) -> CredentialSpec:
    aws = auth.aws or structs.AwsSettings()
    return AwsWorkloadIdentity(AwsScope(place.region, aws.service), _role(aws), aws.token_file or "")


def _role(aws: structs.AwsSettings) -> AwsRole:
    return AwsRole(aws.role_arn or "", aws.session_name, aws.external_id or "", aws.sts_url or "")


_MAKERS: Mapping[str, Callable[[_Secrets, structs.ProviderAuth, Place], CredentialSpec]] = {
    "ApiKey": _api_keys,
    "None": _none,
    "OAuthClient": _oauth_client,
    "GoogleServiceAccount": _google_account,
    "GoogleWorkloadIdentity": _google_identity,
    "AzureClientSecret": _azure_client,
    "AzureWorkloadIdentity": _azure_identity,
    "AwsKeys": _aws_keys,
    "AwsWorkloadIdentity": _aws_identity,
}
