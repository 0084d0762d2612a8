"""Identities of elsewhere that Google takes: a pod's token is exchanged for one of Google's.

Source: google.aip.dev/auth/4117 (external account credentials), RFC 8693.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from data_plane.providers.bearer import Bearer
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.google_account import CLOUD_PLATFORM
from data_plane.providers.identity_file import read_file, read_small_file
from data_plane.providers.key_line import can_be_sent, key_line
from data_plane.providers.token import Issued, TokenFailure, TokenSource
from data_plane.providers.token_endpoint import Call, bearer_token, json_object, seconds_until, send, text_of

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
LIFETIME = "3600s"


@dataclass(frozen=True, slots=True)
class GoogleFederation:
    """Implements `CredentialSpec`. `path`: of what `gcloud iam workload-identity-pools create-cred-config` writes."""

    path: str
    scope: str = ""

    def start(self) -> Bearer:
        return start_google_federation(self)


def start_google_federation(spec: GoogleFederation, clock: Clock = SYSTEM_CLOCK) -> Bearer:
    """At work, by a clock of one's own."""

    async def fetch() -> Issued[bytes]:
        scope = spec.scope or CLOUD_PLATFORM
        account = read_account(spec.path)
        impersonated = account.get("service_account_impersonation_url")
        fields = {
            "grant_type": GRANT,
            "audience": text_of(account, "audience", spec.path),
            "scope": CLOUD_PLATFORM if impersonated else scope,
            "requested_token_type": ACCESS_TOKEN,
            "subject_token": await _subject_token(account, spec.path),
            "subject_token_type": text_of(account, "subject_token_type", spec.path),
        }
        issued = bearer_token(await send(Call.form(text_of(account, "token_url", spec.path), fields)))
        if not impersonated:
            return issued
        return await _impersonated(
            text_of(account, "service_account_impersonation_url", spec.path), scope, issued, clock
        )

    return Bearer(TokenSource("Google workload identity federation", fetch, clock))


def read_account(path: str) -> Mapping[str, object]:
    """
    Raises:
        TokenFailure: the file is not there, or describes no external account.
    """
    try:
        found = msgspec.json.decode(read_file(path))
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict) or found.get("type") != "external_account":
        raise TokenFailure(f"the file '{path}' must be JSON with `type: external_account`")
    return found


async def _subject_token(account: Mapping[str, object], path: str) -> str:
    """The token that is to be exchanged: in a file or at an address, as text or as a field of JSON."""
    source = account.get("credential_source")
    if not isinstance(source, dict) or not (source.get("file") or source.get("url")):
        raise TokenFailure(f"`credential_source` in '{path}' must have `file` or `url`; others are not supported")
    field = _field_of(source.get("format"), path)
    if source.get("file"):
        where = text_of(source, "file", path)
        if not field:
            return read_small_file(where)
        content = read_file(where)
    else:
        where = text_of(source, "url", path)
        headers = source.get("headers")
        given = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        reply = await send(Call(where, headers=given))
        if reply.status != 200:
            raise TokenFailure(f"'{reply.host}' answered {reply.status} instead of the token to exchange")
        content = reply.body
    return _token_in(content, field, path)


def _field_of(form: object, path: str) -> str:
    """The field of JSON that holds the token; empty: the token stands alone."""
    if not isinstance(form, dict) or form.get("type") != "json":
        return ""
    name = form.get("subject_token_field_name")
    if not isinstance(name, str) or not name:
        raise TokenFailure(f"`format` in '{path}' must name `subject_token_field_name`")
    return name


def _token_in(content: bytes, field: str, path: str) -> str:
    if field:
        try:
            answer = msgspec.json.decode(content)
        except msgspec.DecodeError:
            answer = None
        return text_of(answer if isinstance(answer, dict) else {}, field, path)
    text = content.decode(errors="replace").strip()
    if not text or not can_be_sent(text):
        raise TokenFailure(f"what `credential_source` in '{path}' names holds no token")
    return text


async def _impersonated(url: str, scope: str, own: Issued[bytes], clock: Clock) -> Issued[bytes]:
    """A token of the service account that the exchanged one may act for."""
    bearer = own.value.decode().rstrip().partition(": ")[2]
    headers = {"authorization": bearer, "content-type": "application/json"}
    body = msgspec.json.encode({"scope": scope.split(" "), "lifetime": LIFETIME})
    reply = await send(Call(url, "POST", headers, body))
    if reply.status != 200:
        raise TokenFailure(f"'{reply.host}' answered {reply.status}: check who may act for the service account")
    answer = json_object(reply)
    line = key_line("authorization", text_of(answer, "accessToken", reply.host))
    return Issued(line, seconds_until(answer, "expireTime", reply.host, clock.wall()))
