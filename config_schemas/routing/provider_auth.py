"""How the gateway proves itself to a provider."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import PLATFORM_TENANT, HeaderName, Model, Reference, SecretReference

ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN = "accessKeyId", "secretAccessKey", "sessionToken"  # of one Secret

AuthType = Literal[
    "ApiKey",
    "None",
    "OAuthClient",
    "GoogleServiceAccount",
    "GoogleWorkloadIdentity",
    "AzureClientSecret",
    "AzureWorkloadIdentity",
    "AwsKeys",
    "AwsWorkloadIdentity",
]
Url = Annotated[str, StringConstraints(pattern=r'^https?://[!-"$->A-~]+$', max_length=1024)]
Printable = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=1024)]
Scope = Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]+$", max_length=256)]
# Where platforms mount tokens; no other file of a pod is anybody's business.
TokenFile = Annotated[
    str, StringConstraints(pattern=r"^(/var)?/run(/[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*)+$", max_length=512)
]
RoleArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", max_length=512)
]
SessionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+=,.@_-]{2,64}$", max_length=64)]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+=,.@:/_-]{2,1224}$", max_length=1224)]
SigningName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=64)]
TenantId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=128)]


class OAuthSettings(Model):
    """An OAuth client that gets tokens by the client credentials grant.

    `clientAuthentication` says whether it proves itself in a header (`Basic`) or in the form (`Post`); `audience` and
    `resource` are for endpoints that ask for them.
    """

    token_url: Url
    client_id: Printable
    scopes: Annotated[tuple[Scope, ...], Field(max_length=32)] = ()
    audience: Printable | None = None
    resource: Printable | None = None
    client_authentication: Literal["Basic", "Post"] = "Basic"


class GoogleSettings(Model):
    """`scopes`: none is `cloud-platform`. `credentialsFile`: of workload identity federation, as `gcloud` writes it."""

    scopes: Annotated[tuple[Scope, ...], Field(max_length=32)] = ()
    credentials_file: TokenFile | None = None


class AzureSettings(Model):
    """An application of Microsoft Entra.

    With `AzureWorkloadIdentity`, what is left out is taken from the pod's environment, as Azure's webhook writes it.
    `authorityUrl` is for national clouds.
    """

    tenant_id: TenantId | None = None
    client_id: Printable | None = None
    scope: Scope = "https://cognitiveservices.azure.com/.default"
    authority_url: Url | None = None
    token_file: TokenFile | None = None


class AwsSettings(Model):
    """Requests are signed for `spec.region` and `service`.

    `keysRef` names a Secret with `accessKeyId`, `secretAccessKey` and, for temporary keys, `sessionToken`. `roleArn` is
    a role to take on. With `AwsWorkloadIdentity`, what is left out is taken from the pod's environment.
    """

    keys_ref: Reference | None = None
    role_arn: RoleArn | None = None
    session_name: SessionName = "isthmus"
    external_id: ExternalId | None = None
    token_file: TokenFile | None = None
    sts_url: Url | None = None
    service: SigningName = "bedrock"


class ProviderAuth(Model):
    """The credential for the provider.

    `ApiKey` is sent the way its API wants, or in `header` if given. Several keys (`secretRefs`) are used in turn; one
    that the provider refuses with 429 pauses as long as the answer says, or `cooldownSeconds` (30).
    `OAuthClient`, `AzureClientSecret` and `GoogleServiceAccount` get tokens by the secret in `secretRef`; `AwsKeys`
    signs requests. The types `...WorkloadIdentity` use the identity of the gateway's own pod: only for Providers of
    the tenant `platform`.
    """

    type: AuthType = "ApiKey"
    secret_ref: SecretReference | None = None
    secret_refs: Annotated[tuple[SecretReference, ...], Field(max_length=16)] = ()
    header: HeaderName | None = None
    cooldown_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    oauth: OAuthSettings | None = None
    google: GoogleSettings | None = None
    azure: AzureSettings | None = None
    aws: AwsSettings | None = None

    @model_validator(mode="after")
    def _has_what_its_type_takes(self) -> Self:
        given = [name for name in USERS if getattr(self, name)]
        for name in given:
            if self.type not in USERS[name]:
                raise ValueError(f"`{_json_name(name)}` goes with {_types(USERS[name])}, not with `type: {self.type}`")
        for name in NEEDED.get(self.type, ()):
            if name not in given:
                raise ValueError(f"`type: {self.type}` needs `{_json_name(name)}`")
        return self

    @model_validator(mode="after")
    def _has_keys_once(self) -> Self:
        if self.secret_ref is not None and self.secret_refs:
            raise ValueError("`secretRef` and `secretRefs` exclude each other: put all keys into `secretRefs`")
        if self.cooldown_seconds is not None and len(self.secret_refs) < 2:
            raise ValueError("`cooldownSeconds` needs at least two `secretRefs`: a single key cannot pause")
        places = [(each.tenant, each.name, each.key) for each in self.secret_refs]
        if len(set(places)) < len(places):
            raise ValueError("`secretRefs` may name a key once")
        return self

    @model_validator(mode="after")
    def _has_settings_that_fit(self) -> Self:
        for condition, message in (*self._google_faults(), *self._azure_faults(), *self._aws_faults()):
            if condition:
                raise ValueError(message)
        return self

    def _google_faults(self) -> tuple[tuple[bool, str], ...]:
        file = self.google is not None and self.google.credentials_file is not None
        wrong = file and self.type != "GoogleWorkloadIdentity"
        return ((wrong, "`google.credentialsFile` goes with `type: GoogleWorkloadIdentity`"),)

    def _azure_faults(self) -> tuple[tuple[bool, str], ...]:
        azure = self.azure or AzureSettings()
        is_client = self.type == "AzureClientSecret"
        return (
            (
                is_client and (azure.tenant_id is None or azure.client_id is None),
                "`type: AzureClientSecret` needs `azure.tenantId` and `azure.clientId`",
            ),
            (
                is_client and azure.token_file is not None,
                "`azure.tokenFile` goes with `type: AzureWorkloadIdentity`",
            ),
        )

    def _aws_faults(self) -> tuple[tuple[bool, str], ...]:
        aws = self.aws or AwsSettings()
        has_keys = self.type == "AwsKeys"
        return (
            (has_keys and aws.keys_ref is None, "`type: AwsKeys` needs `aws.keysRef`"),
            (not has_keys and aws.keys_ref is not None, "`aws.keysRef` goes with `type: AwsKeys`"),
            (has_keys and aws.token_file is not None, "`aws.tokenFile` goes with `type: AwsWorkloadIdentity`"),
            (aws.external_id is not None and aws.role_arn is None, "`aws.externalId` needs `aws.roleArn`"),
            (
                aws.external_id is not None and aws.token_file is not None,
                "`aws.externalId` does not go with `aws.tokenFile`: a web identity is not asked for one",
            ),
        )


IDENTITIES = ("GoogleWorkloadIdentity", "AzureWorkloadIdentity", "AwsWorkloadIdentity")  # of the gateway's own pod
SIGNING = ("AwsKeys", "AwsWorkloadIdentity")  # for a region
# By field, the types that take it. `None` with a Secret or a header was allowed before there were others.
USERS: Mapping[str, tuple[str, ...]] = {
    "secret_ref": ("ApiKey", "OAuthClient", "GoogleServiceAccount", "AzureClientSecret", "None"),
    "secret_refs": ("ApiKey",),
    "header": ("ApiKey", "None"),
    "cooldown_seconds": ("ApiKey",),
    "oauth": ("OAuthClient",),
    "google": ("GoogleServiceAccount", "GoogleWorkloadIdentity"),
    "azure": ("AzureClientSecret", "AzureWorkloadIdentity"),
    "aws": ("AwsKeys", "AwsWorkloadIdentity"),
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "OAuthClient": ("secret_ref", "oauth"),
    "GoogleServiceAccount": ("secret_ref",),
    "AzureClientSecret": ("secret_ref", "azure"),
    "AwsKeys": ("aws",),
}


def auth_fault(auth_type: str, tenant: str, region: str) -> str:
    """Why a credential of this type cannot stand at this place; empty if it can."""
    if auth_type in IDENTITIES and tenant != PLATFORM_TENANT:
        return (
            f"`auth.type: {auth_type}` is the gateway's own identity, which only Providers of the tenant "
            f"'{PLATFORM_TENANT}' may use: put this one there, or give it a credential of the tenant"
        )
    if auth_type in SIGNING and not region:
        return f"`auth.type: {auth_type}` signs requests for a region: `region` is required"
    return ""


def _types(names: tuple[str, ...]) -> str:
    shown = [f"`type: {name}`" for name in names if name != "None"]
    return " and ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _json_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
