"""How a deployment proves itself to its provider, as `Provider.spec.auth`."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Literal

from control_plane.litellm_import.entry import Entry, Json
from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.known_provider import KnownProvider
from control_plane.litellm_import.values import PREFIX, SecretPart, Values

Auth = dict[str, Json]
IDENTITIES = ("GoogleWorkloadIdentity", "AzureWorkloadIdentity", "AwsWorkloadIdentity")  # of the gateway's own pod
NO_KEYS = frozenset(("", "none", "null", "empty", "fake", "fake-key", "dummy", "dummy-key", "not-needed", "no-key"))
ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")
SESSION = re.compile(r"[A-Za-z0-9+=,.@_-]{2,64}")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9+=,.@:/_-]{2,1224}")

AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"  # the default of both


def authentication(
    kind: str, known: KnownProvider, parameters: Entry, values: Values, *, is_foreign: bool = False
) -> Auth:
    """The auth of a Provider of this type. `is_foreign`: LiteLLM's OpenAI at an address of somebody else."""
    reader = _Reader(kind, parameters, values)
    cloud = CLOUDS.get(kind)
    if cloud is not None:
        found = cloud(reader)
        if found is not None:
            return found
    return reader.api_key(known, is_foreign)


class _Reader:
    """What belongs to one deployment."""

    def __init__(self, kind: str, parameters: Entry, values: Values) -> None:
        self.kind = kind
        self.parameters = parameters
        self.values = values

    def api_key(self, known: KnownProvider, is_foreign: bool) -> Auth:
        place = self.parameters.place("api_key")
        given = self.parameters.text("api_key")
        if given is not None and given.startswith("oidc/"):
            self._say("api_key", "NotMapped", "a token of an identity is no API key", "choose another type of `auth`")
            return {"type": "None"}
        if given is not None and given.lower() not in NO_KEYS:
            return self._by_key(self.values.part(given, place))
        if given is not None or known.is_open or is_foreign or not known.key:
            if is_foreign and given is None:
                reason = "LiteLLM would send OPENAI_API_KEY to this address; the Provider sends no key"
                self._say("api_key", "Changed", reason, "give it `auth` if the server wants a key")
            return {"type": "None"}
        return self._by_key(self.values.part(f"{PREFIX}{known.key}", place))  # where LiteLLM looks by itself

    def bedrock(self) -> Auth | None:
        keys = self._aws_keys()
        if keys is None and self.parameters.has("api_key"):
            return None
        aws = self._aws_role()
        if keys is not None:
            return {"type": "AwsKeys", "aws": {"keysRef": {"name": self.values.bundle(keys, "aws")}, **aws}}
        return self._identity("AwsWorkloadIdentity", "aws", aws)

    def vertex(self) -> Auth | None:
        for key in ("vertex_credentials", "vertex_ai_credentials"):
            given = self.parameters.take(key)
            if isinstance(given, dict):
                given = json.dumps(given)
            if isinstance(given, str) and given:
                return {"type": "GoogleServiceAccount", "secretRef": {"name": self._account(key, given)}}
            if given:
                self._say(key, "NotMapped", "it is neither text nor a mapping", "put the account's key into a Secret")
        return self._identity("GoogleWorkloadIdentity", "google", {})

    def azure(self) -> Auth | None:
        ids = {"tenantId": self._plain("tenant_id"), "clientId": self._plain("client_id")}
        given = {name: value for name, value in ids.items() if value}
        secret = self.parameters.text("client_secret")
        scope = self._plain("azure_scope")
        if scope and scope != AZURE_SCOPE:
            given["scope"] = scope
        token = self.parameters.text("azure_ad_token")
        if self.parameters.has("api_key"):
            return None
        if secret is not None and ids["tenantId"] and ids["clientId"]:
            part = self.values.part(secret, self.parameters.place("client_secret"))
            name = self.values.secret(part, "azure-client-secret")
            return {"type": "AzureClientSecret", "secretRef": {"name": name}, "azure": given}
        if token is not None and token.startswith("oidc/"):
            return self._identity("AzureWorkloadIdentity", "azure", given)
        if token is not None:
            advice = "let the gateway get tokens: `auth.type: AzureClientSecret` or `AzureWorkloadIdentity`"
            self._say("azure_ad_token", "Changed", "a token ends after an hour or so, and is not refreshed", advice)
            name = self.values.secret(self.values.part(token, self.parameters.place("azure_ad_token")), "azure-token")
            return {"type": "ApiKey", "secretRef": {"name": name}, "header": "authorization"}
        return None

    def _by_key(self, part: SecretPart) -> Auth:
        return {"type": "ApiKey", "secretRef": {"name": self.values.secret(part, self.kind.lower())}}

    def _account(self, key: str, given: str) -> str:
        place = self.parameters.place(key)
        if given.lstrip().startswith("{") or given.startswith(PREFIX):
            return self.values.secret(self.values.part(given, place), "google-account")
        self.values.findings.append(
            Finding(place, "ToDo", "it names a file, which is not read", "put what is in the file into the Secret")
        )
        return self.values.secret(SecretPart(None, f"the file of {key}"), "google-account")

    def _aws_keys(self) -> dict[str, SecretPart] | None:
        names = {
            "accessKeyId": "aws_access_key_id",
            "secretAccessKey": "aws_secret_access_key",
            "sessionToken": "aws_session_token",
        }
        given = {name: (key, self.parameters.text(key)) for name, key in names.items()}
        found = {
            name: self.values.part(text, self.parameters.place(key)) for name, (key, text) in given.items() if text
        }
        if "accessKeyId" in found and "secretAccessKey" in found:
            return found
        for name in found:
            self._say(given[name][0], "NotMapped", "it is of use only with both parts of a key", "give both")
        return None

    def _aws_role(self) -> Auth:
        role = self._plain("aws_role_name")
        session, external = self._plain("aws_session_name"), self._plain("aws_external_id")
        sts = self._plain("aws_sts_endpoint")
        found: Auth = {"stsUrl": sts} if sts and sts.startswith(("http://", "https://")) else {}
        if role is None:
            return found
        if ROLE.fullmatch(role) is None:
            self._say("aws_role_name", "NotMapped", "a role is named by its ARN", "set `auth.aws.roleArn`")
            return found
        found["roleArn"] = role
        if session and SESSION.fullmatch(session):
            found["sessionName"] = session
        if external and EXTERNAL_ID.fullmatch(external):
            found["externalId"] = external
        return found

    def _identity(self, kind: str, field: str, settings: Mapping[str, Json]) -> Auth:
        reason = "it is the identity of the process itself: the Provider lies in the tenant `platform`, for all tenants"
        advice = "give the gateway's pods this identity, or use a key of the tenant"
        self.values.findings.append(Finding(self.parameters.path, "Changed", reason, advice))
        return {"type": kind, **({field: dict(settings)} if settings else {})}

    def _plain(self, key: str) -> str | None:
        return self.values.plain(self.parameters.text(key), self.parameters.place(key))

    def _say(self, key: str, weight: Literal["NotMapped", "Changed"], reason: str, advice: str) -> None:
        self.parameters.say(key, weight, reason, advice)


CLOUDS: Mapping[str, Callable[[_Reader], Auth | None]] = {
    "Bedrock": _Reader.bedrock,
    "VertexAI": _Reader.vertex,
    "AzureOpenAI": _Reader.azure,
}
