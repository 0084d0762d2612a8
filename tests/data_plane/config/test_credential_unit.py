"""Which credential is made of a Provider and its Secrets, and when there is none."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from pytest import mark, param, raises

from data_plane.config import structs
from data_plane.config.credential_unit import make_credential
from data_plane.config.rejection import Rejected
from data_plane.config.state import Build, State
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.aws_identity import AwsWorkloadIdentity
from data_plane.providers.aws_keys import AwsKeys, AwsScope
from data_plane.providers.aws_role import AwsRole
from data_plane.providers.azure_identity import AzureAccount, AzureWorkloadIdentity
from data_plane.providers.credential import CredentialSpec
from data_plane.providers.google_federation import GoogleFederation
from data_plane.providers.google_identity import GoogleWorkloadIdentity
from data_plane.providers.no_credential import NoCredential
from data_plane.providers.oauth_client import OAuthClient
from data_plane.providers.surface import Place
from tests.fakes.gateway import Gateway, basic, post, provider, resource
from tests.fakes.oauth_issuer import service_account

PLACE = Place("us-east-1", "project")
ROLE = "arn:aws:iam::123456789012:role/gateway"
FILE = "/var/run/secrets/token"
AZURE = "https://cognitiveservices.azure.com/.default"
KEYS = {"accessKeyId": "AKIA1", "secretAccessKey": "hunter2"}
SECRETS: Mapping[str, Mapping[str, str]] = {
    "default/Secret/s": {"value": "one", "b": "two", "bad": "a\nb", "account": service_account("https://t.example")},
    "platform/Secret/s": {"value": "three"},
    "acme/Secret/s": {"value": "theirs"},
    "default/Secret/aws": KEYS,
    "default/Secret/session": KEYS | {"sessionToken": "token"},
    "default/Secret/half": {"accessKeyId": "AKIA1"},
}
OAUTH = {"tokenUrl": "https://idp.example/token", "clientId": "c"}
S = {"name": "s"}


def made(auth: dict[str, Any], tenant: str = "default", place: Place = PLACE) -> CredentialSpec | None:
    build = Build(State(), {})
    for path, data in SECRETS.items():
        owner, _, name = path.split("/")
        document = {"metadata": {"tenant": owner, "name": name}, "spec": {"data": dict(data)}}
        build.put(path, msgspec.json.decode(json.dumps(document), type=structs.Secret))
    return make_credential(build, msgspec.json.decode(json.dumps(auth), type=structs.ProviderAuth), tenant, place)


@mark.parametrize(
    "auth, expected",
    [
        param({}, NoCredential(), id="nothing"),
        param({"type": "None", "secretRef": S}, NoCredential(), id="none, whatever stands beside it"),
        param({"secretRef": S}, ApiKeys(("one",)), id="a key"),
        param({"secretRef": S, "header": "api-key"}, ApiKeys(("one",), "api-key"), id="a key in its header"),
        param({"secretRef": {"name": "s", "tenant": "platform"}}, ApiKeys(("three",)), id="the platform's key"),
        param(
            {"secretRefs": [S, {"name": "s", "key": "b"}], "cooldownSeconds": 5},
            ApiKeys(("one", "two"), "", 5),
            id="several keys",
        ),
        param(
            {"secretRefs": [{"name": "missing"}, {"name": "s", "key": "bad"}, S]},
            ApiKeys(("one",)),
            id="those of several keys that are there",
        ),
        param(
            {"type": "OAuthClient", "secretRef": S, "oauth": OAUTH | {"scopes": ["a", "b"], "audience": "x"}},
            OAuthClient("https://idp.example/token", "c", "one", "a b", "x"),
            id="an OAuth client",
        ),
        param(
            {"type": "OAuthClient", "secretRef": S, "oauth": OAUTH | {"clientAuthentication": "Post", "resource": "r"}},
            OAuthClient("https://idp.example/token", "c", "one", "", "", "r", "Post"),
            id="an OAuth client in the form",
        ),
        param(
            {"type": "AzureClientSecret", "secretRef": S, "azure": {"tenantId": "t", "clientId": "c"}},
            OAuthClient("https://login.microsoftonline.com/t/oauth2/v2.0/token", "c", "one", AZURE, proof="Post"),
            id="an application of Entra",
        ),
        param(
            {"type": "AwsKeys", "aws": {"keysRef": {"name": "aws"}}},
            AwsKeys(AwsScope("us-east-1"), "AKIA1", "hunter2"),
            id="keys of AWS",
        ),
        param(
            {
                "type": "AwsKeys",
                "aws": {"keysRef": {"name": "session"}, "roleArn": ROLE, "externalId": "ab", "service": "x"},
            },
            AwsKeys(AwsScope("us-east-1", "x"), "AKIA1", "hunter2", "token", AwsRole(ROLE, "isthmus", "ab")),
            id="a role by temporary keys",
        ),
    ],
)
def test_a_credential_of_a_tenant(auth: dict[str, Any], expected: CredentialSpec) -> None:
    assert made(auth) == expected


@mark.parametrize(
    "auth, expected",
    [
        ({"type": "GoogleWorkloadIdentity"}, GoogleWorkloadIdentity()),
        ({"type": "GoogleWorkloadIdentity", "google": {"scopes": ["a", "b"]}}, GoogleWorkloadIdentity("a b")),
        ({"type": "GoogleWorkloadIdentity", "google": {"credentialsFile": FILE}}, GoogleFederation(FILE)),
        ({"type": "AzureWorkloadIdentity"}, AzureWorkloadIdentity(AzureAccount(scope=AZURE))),
        (
            {"type": "AzureWorkloadIdentity", "azure": {"tenantId": "t", "tokenFile": FILE}},
            AzureWorkloadIdentity(AzureAccount("t", "", AZURE), FILE),
        ),
        ({"type": "AwsWorkloadIdentity"}, AwsWorkloadIdentity(AwsScope("us-east-1"), AwsRole())),
        (
            {"type": "AwsWorkloadIdentity", "aws": {"roleArn": ROLE, "tokenFile": FILE, "stsUrl": "https://sts"}},
            AwsWorkloadIdentity(AwsScope("us-east-1"), AwsRole(ROLE, url="https://sts"), FILE),
        ),
    ],
)
def test_the_gateway_s_own_identity_is_for_the_platform(auth: dict[str, Any], expected: CredentialSpec) -> None:
    assert made(auth, "platform") == expected
    with raises(Rejected, match="only Providers of the tenant 'platform' may use"):
        made(auth, "default")


def test_a_service_account_is_read() -> None:
    spec = made(
        {"type": "GoogleServiceAccount", "secretRef": {"name": "s", "key": "account"}, "google": {"scopes": ["a"]}}
    )

    assert (getattr(spec, "token_url", ""), getattr(spec, "scope", "")) == ("https://t.example", "a")


@mark.parametrize(
    "auth",
    [
        param({"secretRef": {"name": "missing"}}, id="no Secret"),
        param({"secretRef": {"name": "s", "key": "missing"}}, id="no such key in it"),
        param({"secretRef": {"name": "s", "key": "bad"}}, id="what no header can carry"),
        param({"secretRefs": [{"name": "missing"}, {"name": "s", "key": "bad"}]}, id="none of several keys"),
        param({"type": "OAuthClient", "oauth": OAUTH, "secretRef": {"name": "missing"}}, id="no client secret"),
        param({"type": "GoogleServiceAccount", "secretRef": S}, id="no key of a service account"),
        param({"type": "AwsKeys", "aws": {"keysRef": {"name": "missing"}}}, id="no keys"),
        param({"type": "AwsKeys", "aws": {"keysRef": {"name": "half"}}}, id="half the keys"),
    ],
)
def test_without_a_usable_secret_there_is_none(auth: dict[str, Any]) -> None:
    assert made(auth) is None


@mark.parametrize(
    "auth, message",
    [
        ({"secretRef": S | {"tenant": "acme"}}, "`spec.auth.secretRef.tenant` must be 'default' or 'platform'"),
        ({"secretRefs": [S, S | {"tenant": "acme"}]}, "`spec.auth.secretRefs.tenant` must be"),
        ({"type": "AwsKeys", "aws": {"keysRef": S | {"tenant": "acme"}}}, "`spec.auth.aws.keysRef.tenant` must be"),
        ({"type": "AwsKeys", "aws": {}}, "`spec.auth.aws.keysRef` is required"),
        ({"type": "OAuthClient", "secretRef": S}, "`spec.auth.oauth` is required"),
        ({"type": "OAuthClient", "oauth": OAUTH}, "`spec.auth.secretRef` is required"),
        ({"type": "GoogleServiceAccount"}, "`spec.auth.secretRef` is required"),
        ({"type": "AzureClientSecret", "secretRef": S}, "`spec.auth.azure.tenantId` and `clientId` are required"),
    ],
)
def test_what_the_provider_itself_says_wrongly_is_rejected(auth: dict[str, Any], message: str) -> None:
    with raises(Rejected, match=message):
        made(auth)


def test_a_signature_without_a_region_is_rejected() -> None:
    with raises(Rejected, match="`region` is required"):
        made({"type": "AwsKeys", "aws": {"keysRef": {"name": "aws"}}}, place=Place())


def test_a_secret_that_comes_later_is_used_from_then_on() -> None:
    auth = {"secretRefs": [{"name": "one"}, {"name": "two"}]}
    gateway = Gateway(basic() | dict([provider(auth=auth)]))
    assert gateway.ask(post()).code == "not_programmed"

    assert gateway.apply(dict([resource("Secret", "two", {"data": {"value": "sk-2"}})])).rejections == ()

    assert gateway.ask(post()).code == ""
