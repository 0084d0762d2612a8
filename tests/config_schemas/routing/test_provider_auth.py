"""Which credentials of providers may be written, and what is said of those that may not."""

import json
from typing import Any

from pydantic import ValidationError
from pytest import mark, param, raises

from config_schemas.routing.provider import Provider
from config_schemas.routing.provider_auth import IDENTITIES, NEEDED, USERS, AuthType, ProviderAuth

SECRET = {"name": "s"}
OAUTH = {"tokenUrl": "https://idp.example/token", "clientId": "c"}
AZURE = {"tenantId": "t", "clientId": "c"}
ROLE = "arn:aws:iam::123456789012:role/path/gateway"
FILE = "/var/run/secrets/tokens/token"


def written(**auth: Any) -> ProviderAuth:
    return ProviderAuth.model_validate_json(json.dumps(auth))


ALLOWED: list[dict[str, Any]] = [
    {},
    {"type": "None"},
    {"type": "None", "secretRef": SECRET, "header": "x-key"},
    {"secretRef": SECRET},
    {"secretRef": SECRET, "header": "api-key"},
    {"secretRefs": [SECRET]},
    {"secretRefs": [SECRET, {"name": "s", "key": "b"}, {"name": "s", "tenant": "platform"}], "cooldownSeconds": 5},
    {"type": "OAuthClient", "secretRef": SECRET, "oauth": OAUTH},
    {
        "type": "OAuthClient",
        "secretRef": SECRET,
        "oauth": OAUTH
        | {"scopes": ["a", "https://x/.default"], "audience": "a", "resource": "urn:r", "clientAuthentication": "Post"},
    },
    {"type": "GoogleServiceAccount", "secretRef": SECRET},
    {"type": "GoogleServiceAccount", "secretRef": SECRET, "google": {"scopes": ["https://www.googleapis.com/auth/x"]}},
    {"type": "GoogleWorkloadIdentity"},
    {"type": "GoogleWorkloadIdentity", "google": {"credentialsFile": "/run/google/credentials.json"}},
    {"type": "AzureClientSecret", "secretRef": SECRET, "azure": AZURE},
    {"type": "AzureWorkloadIdentity"},
    {"type": "AzureWorkloadIdentity", "azure": AZURE | {"tokenFile": FILE, "authorityUrl": "https://login.example"}},
    {"type": "AwsKeys", "aws": {"keysRef": SECRET}},
    {"type": "AwsKeys", "aws": {"keysRef": SECRET, "roleArn": ROLE, "externalId": "a/b", "sessionName": "ab"}},
    {"type": "AwsWorkloadIdentity"},
    {"type": "AwsWorkloadIdentity", "aws": {"roleArn": ROLE, "tokenFile": FILE, "stsUrl": "https://sts.example"}},
]


@mark.parametrize("auth", ALLOWED)
def test_what_belongs_together_may_be_written(auth: dict[str, Any]) -> None:
    assert written(**auth).model_dump(exclude_unset=True, mode="json") == auth


@mark.parametrize(
    "auth, message",
    [
        param(
            {"secretRef": SECRET, "secretRefs": [SECRET]}, "`secretRef` and `secretRefs` exclude each other", id="both"
        ),
        param({"secretRefs": [SECRET, SECRET]}, "may name a key once", id="a key twice"),
        param({"secretRef": SECRET, "cooldownSeconds": 5}, "needs at least two `secretRefs`", id="a pause of one key"),
        param({"secretRefs": [SECRET], "cooldownSeconds": 5}, "needs at least two `secretRefs`", id="of a list of one"),
        param({"oauth": OAUTH}, "`oauth` goes with `type: OAuthClient`, not with `type: ApiKey`", id="oauth of a key"),
        param(
            {"type": "OAuthClient", "secretRef": SECRET}, "`type: OAuthClient` needs `oauth`", id="a client of nobody"
        ),
        param({"type": "OAuthClient", "oauth": OAUTH}, "`type: OAuthClient` needs `secretRef`", id="without a secret"),
        param({"type": "GoogleServiceAccount"}, "needs `secretRef`", id="an account without a key"),
        param(
            {"type": "GoogleServiceAccount", "secretRef": SECRET, "google": {"credentialsFile": FILE}},
            "`google.credentialsFile` goes with `type: GoogleWorkloadIdentity`",
            id="a file beside a key",
        ),
        param(
            {"type": "GoogleWorkloadIdentity", "secretRef": SECRET},
            "`secretRef` goes with `type: ApiKey`, `type: OAuthClient`, `type: GoogleServiceAccount` and "
            "`type: AzureClientSecret`, not with `type: GoogleWorkloadIdentity`",
            id="an identity with a secret",
        ),
        param({"type": "AzureClientSecret", "secretRef": SECRET}, "needs `azure`", id="no application"),
        param(
            {"type": "AzureClientSecret", "secretRef": SECRET, "azure": {"tenantId": "t"}},
            "needs `azure.tenantId` and `azure.clientId`",
            id="half an application",
        ),
        param(
            {"type": "AzureClientSecret", "secretRef": SECRET, "azure": AZURE | {"tokenFile": FILE}},
            "`azure.tokenFile` goes with `type: AzureWorkloadIdentity`",
            id="a file beside a secret",
        ),
        param({"type": "AwsKeys"}, "`type: AwsKeys` needs `aws`", id="no keys"),
        param({"type": "AwsKeys", "aws": {"roleArn": ROLE}}, "needs `aws.keysRef`", id="a role without keys"),
        param(
            {"type": "AwsKeys", "aws": {"keysRef": SECRET, "tokenFile": FILE}},
            "`aws.tokenFile` goes with `type: AwsWorkloadIdentity`",
            id="keys and a file",
        ),
        param(
            {"type": "AwsWorkloadIdentity", "aws": {"keysRef": SECRET}},
            "`aws.keysRef` goes with `type: AwsKeys`",
            id="an identity with keys",
        ),
        param(
            {"type": "AwsKeys", "aws": {"keysRef": SECRET, "externalId": "ab"}},
            "`aws.externalId` needs `aws.roleArn`",
            id="an id for no role",
        ),
        param(
            {"type": "AwsWorkloadIdentity", "aws": {"roleArn": ROLE, "externalId": "ab", "tokenFile": FILE}},
            "a web identity is not asked for one",
            id="an id for a web identity",
        ),
        param({"type": "OAuthClient", "header": "x"}, "`header` goes with `type: ApiKey`", id="a token's header"),
        param({"secretRefs": [{"name": f"s{n}"} for n in range(17)]}, "at most 16", id="too many keys"),
    ],
)
def test_what_does_not_belong_together_is_refused_with_what_does(auth: dict[str, Any], message: str) -> None:
    with raises(ValidationError) as caught:
        written(**auth)

    assert message in str(caught.value)


@mark.parametrize("auth_type", AuthType.__args__)  # type: ignore[attr-defined]
def test_every_type_is_refused_each_field_that_it_does_not_take(auth_type: str) -> None:
    needed = {"secretRef": SECRET, "oauth": OAUTH, "azure": AZURE, "aws": {"keysRef": SECRET}}
    fields = {
        "secret_ref": ("secretRef", SECRET),
        "secret_refs": ("secretRefs", [SECRET]),
        "header": ("header", "x"),
        "cooldown_seconds": ("cooldownSeconds", 5),
        "oauth": ("oauth", OAUTH),
        "google": ("google", {}),
        "azure": ("azure", AZURE),
        "aws": ("aws", {}),
    }
    basis = {"type": auth_type} | {
        fields[name][0]: needed[fields[name][0]] for name in NEEDED.get(auth_type, ()) if fields[name][0] in needed
    }
    written(**basis)
    assert set(fields) == set(USERS)
    for name, (key, value) in fields.items():
        if auth_type not in USERS[name]:
            with raises(ValidationError, match=f"`{key}` goes with"):
                written(**{key: value} | basis)


@mark.parametrize(
    "field, good, bad",
    [
        param(
            "tokenFile",
            [FILE, "/run/a", "/var/run/secrets/azure/tokens/azure-identity-token", "/run/.hidden/a"],
            ["/etc/passwd", "/run/../etc/passwd", "/run/./a", "/run//a", "/run/", "run/a", "/run/a\n", "/runa/b"],
            id="files",
        ),
        param(
            "roleArn",
            [ROLE, "arn:aws-us-gov:iam::123456789012:role/a", "arn:aws-cn:iam::123456789012:role/a"],
            ["arn:aws:iam::12:role/a", "arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:role/a b", "a"],
            id="roles",
        ),
        param(
            "stsUrl",
            ["https://sts.example", "http://localhost:1/a"],
            ["ftp://h", "https://u:p@h", "https://h?a", "https://h#a", "https://h a", "https://h\n", ""],
            id="addresses",
        ),
        param("service", ["bedrock", "sagemaker"], ["Bedrock", "a/b", ""], id="services"),
        param("sessionName", ["ab", "a=b@c"], ["a", "a b", "a/b", "a" * 65], id="sessions"),
    ],
)
def test_what_goes_into_requests_and_paths_is_bounded(field: str, good: list[str], bad: list[str]) -> None:
    def auth(value: str) -> dict[str, Any]:
        return {"type": "AwsWorkloadIdentity", "aws": {field: value}}

    for value in good:
        written(**auth(value))
    for value in bad:
        with raises(ValidationError):
            written(**auth(value))


@mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "ä", "a\n"])
def test_a_scope_is_one_word(scope: str) -> None:
    with raises(ValidationError):
        written(type="OAuthClient", secretRef=SECRET, oauth=OAUTH | {"scopes": [scope]})


def provider(tenant: str, region: str, **auth: Any) -> Provider:
    spec = {"type": "OpenAICompatible", "baseUrl": "https://h", "region": region, "auth": auth}
    document = {"kind": "Provider", "metadata": {"name": "p", "tenant": tenant}, "spec": spec}
    return Provider.model_validate_json(json.dumps(document))


@mark.parametrize("auth_type", IDENTITIES)
def test_the_gateway_s_own_identity_is_the_platform_s(auth_type: str) -> None:
    assert provider("platform", "r", type=auth_type).spec.auth.type == auth_type
    with raises(ValidationError, match="only Providers of the tenant 'platform' may use"):
        provider("acme", "r", type=auth_type)


def test_a_signature_needs_a_region() -> None:
    assert provider("acme", "us-east-1", type="AwsKeys", aws={"keysRef": SECRET})
    for auth in ({"type": "AwsKeys", "aws": {"keysRef": SECRET}}, {"type": "AwsWorkloadIdentity"}):
        with raises(ValidationError, match="signs requests for a region: `region` is required"):
            provider("platform", "", **auth)
