"""Roles of AWS, taken on by keys or by a pod's own token: temporary keys from the Security Token Service.

Source: docs.aws.amazon.com/STS/latest/APIReference (API version 2011-06-15).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from data_plane.providers.clock import Clock
from data_plane.providers.sigv4 import AwsCredential, Signer
from data_plane.providers.token import Issued, TokenFailure
from data_plane.providers.token_endpoint import FORM, Call, Reply, seconds_until, send, text_of

API_VERSION = "2011-06-15"
DEFAULT_SESSION = "isthmus"
FORM_OF_AWS = f"{FORM}; charset=utf-8"
CHINA = "cn-"
# What STS and the services in front of it call their refusals; other words are not repeated.
ERRORS = re.compile(
    r"<Code>(AccessDenied|ExpiredToken(?:Exception)?|IDPCommunicationError|IDPRejectedClaim|IncompleteSignature|"
    r"InvalidClientTokenId|InvalidIdentityToken|MissingAuthenticationToken|RegionDisabledException|"
    r"SignatureDoesNotMatch|Throttling|ValidationError)</Code>"
)


@dataclass(frozen=True, slots=True, repr=False)
class AwsRole:
    """A role to take on. `url`: of the service; empty is that of the region."""

    arn: str = ""
    session: str = DEFAULT_SESSION
    external_id: str = ""
    url: str = ""


NO_ROLE = AwsRole()


def sts_url(role: AwsRole, region: str, environment: Mapping[str, str]) -> str:
    suffix = "amazonaws.com.cn" if region.startswith(CHINA) else "amazonaws.com"
    return role.url or environment.get("AWS_ENDPOINT_URL_STS") or f"https://sts.{region}.{suffix}"


async def assume_role(role: AwsRole, keys: AwsCredential, region: str, url: str, clock: Clock) -> Issued[AwsCredential]:
    """Signed by the keys of whoever may take on the role.

    Raises:
        TokenFailure: there are no temporary keys.
    """
    fields = {"Action": "AssumeRole", "RoleArn": role.arn, "RoleSessionName": role.session, "Version": API_VERSION}
    if role.external_id:
        fields["ExternalId"] = role.external_id
    body = urlencode(fields).encode()
    parts = urlsplit(url)
    target = (parts.path or "/").encode()
    headers = [("host", parts.netloc), ("content-type", FORM_OF_AWS)]
    signed = Signer(keys, region, "sts").sign("POST", target, headers, body, clock.wall())
    sent = {name: value for name, value in (*headers, *signed) if name != "host"}
    return read_keys(await send(Call(f"{parts.scheme}://{parts.netloc}{target.decode()}", "POST", sent, body)), clock)


async def assume_role_with_web_identity(role: AwsRole, token: str, url: str, clock: Clock) -> Issued[AwsCredential]:
    """Proved by the token alone.

    Raises:
        TokenFailure: there are no temporary keys.
    """
    fields = {
        "Action": "AssumeRoleWithWebIdentity",
        "RoleArn": role.arn,
        "RoleSessionName": role.session,
        "WebIdentityToken": token,
        "Version": API_VERSION,
    }
    return read_keys(await send(Call.form(url, fields, {"accept": "text/xml"})), clock)


def read_keys(reply: Reply, clock: Clock) -> Issued[AwsCredential]:
    """
    Raises:
        TokenFailure: the answer is no XML with temporary keys.
    """
    text = reply.body.decode(errors="replace")
    if reply.status != 200:
        code = ERRORS.search(text)
        word = f" `{code[1]}`" if code else ""
        raise TokenFailure(f"'{reply.host}' answered {reply.status}{word}: check the role, and whom its policy trusts")
    try:
        if "<!DOCTYPE" in text:  # a document that defines its own words can be made to grow without end
            raise ElementTree.ParseError
        found = ElementTree.fromstring(text).find(".//{*}Credentials")
    except ElementTree.ParseError:
        found = None
    if found is None:
        raise TokenFailure(f"'{reply.host}' answered without temporary keys: is it the Security Token Service?")
    answer = {each.tag.rpartition("}")[2]: each.text for each in found}
    return temporary_keys(answer, "SessionToken", reply.host, clock)


def temporary_keys(answer: Mapping[str, object], token_field: str, host: str, clock: Clock) -> Issued[AwsCredential]:
    """Of an answer's fields; the session token is called differently from service to service.

    Raises:
        TokenFailure: one of them is missing.
    """
    keys = AwsCredential(
        text_of(answer, "AccessKeyId", host),
        text_of(answer, "SecretAccessKey", host),
        text_of(answer, token_field, host),
    )
    return Issued(keys, seconds_until(answer, "Expiration", host, clock.wall()))
