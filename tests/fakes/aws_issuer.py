"""What gives temporary keys in AWS: the Security Token Service, container credentials, an instance's metadata."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from aiohttp import web

from tests.fakes.identity_server import IdentityServer
from tests.fakes.oauth_issuer import POD_TOKEN

KEY_ID, SECRET = "AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ROLE = "arn:aws:iam::123456789012:role/team/gateway"
EXTERNAL_ID = "their/id"
TEMPORARY_SECRET = "temporary/secret+key"
SECRETS = {KEY_ID: SECRET, "ASIATEMPORARY": TEMPORARY_SECRET}
CONTAINER_TOKEN = "container-token"
SESSION = "imds-session"


async def sts(server: IdentityServer, request: web.Request) -> web.Response:
    """Answers in XML; AssumeRole is taken when it is signed by the keys."""
    body = await request.read()
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    is_form = request.content_type == "application/x-www-form-urlencoded"
    if not is_form or form.pop("Version", "") != "2011-06-15" or form.pop("RoleSessionName", "") != "isthmus":
        return _error("ValidationError", server, "the form")
    action = form.pop("Action", "")
    if action == "AssumeRoleWithWebIdentity":
        if form != {"RoleArn": ROLE, "WebIdentityToken": POD_TOKEN} or "authorization" in request.headers:
            return _error("InvalidIdentityToken", server, "the identity")
    elif form != {"RoleArn": ROLE, "ExternalId": EXTERNAL_ID} or action != "AssumeRole":
        return _error("AccessDenied", server, "the role")
    elif fault := signature_fault(request.method, request.raw_path, request.headers, body, SECRETS, "sts"):
        return _error("SignatureDoesNotMatch", server, fault)
    token = server.issue("session-")
    return web.Response(
        content_type="text/xml",
        text=f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/gateway/isthmus</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIATEMPORARY</AccessKeyId>
      <SecretAccessKey>{TEMPORARY_SECRET}</SecretAccessKey>
      <SessionToken>{token}</SessionToken>
      <Expiration>{server.expiration()}</Expiration>
    </Credentials>
  </{action}Result>
  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
</{action}Response>""",
    )


async def container(server: IdentityServer, request: web.Request) -> web.Response:
    if request.method != "GET" or request.headers.get("authorization") != CONTAINER_TOKEN:
        return server.refuse("the container's token")
    return web.json_response(_keys(server))


async def instance_session(server: IdentityServer, request: web.Request) -> web.Response:
    if request.method != "PUT" or request.headers.get("x-aws-ec2-metadata-token-ttl-seconds") != "21600":
        return server.refuse("no session is asked for")
    return web.Response(text=SESSION)


async def instance_roles(server: IdentityServer, request: web.Request) -> web.Response:
    if request.method != "GET" or request.headers.get("x-aws-ec2-metadata-token") != SESSION:
        return server.refuse("version 1 of the service")
    return web.Response(text="node role")


async def instance_keys(server: IdentityServer, request: web.Request) -> web.Response:
    if request.headers.get("x-aws-ec2-metadata-token") != SESSION or request.match_info["role"] != "node role":
        return server.refuse("version 1 of the service")
    return web.json_response({"Code": "Success", "Type": "AWS-HMAC"} | _keys(server))


def signature_fault(
    method: str, target: str, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], service: str
) -> str:
    """Why AWS would not take the signature, computed anew from its documentation; empty if it would."""
    fields = {name.lower(): value for name, value in headers.items()}
    algorithm, _, rest = fields.get("authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",")) if rest else {}
    if algorithm != "AWS4-HMAC-SHA256" or set(parts) != {"Credential", "SignedHeaders", "Signature"}:
        return "no signature"
    key_id, day, region, named, end = parts["Credential"].rsplit("/", 4)
    signed = parts["SignedHeaders"].split(";")
    if (named, end, day) != (service, "aws4_request", fields["x-amz-date"][:8]) or key_id not in secrets:
        return "the scope"
    if signed != sorted(signed) or not {"host", "x-amz-date"} <= set(signed):
        return "the signed headers"
    if "x-amz-security-token" in fields and "x-amz-security-token" not in signed:
        return "the session is not signed"
    path, _, query = target.partition("?")
    pairs = sorted(field if "=" in field else f"{field}=" for field in query.split("&") if field)
    lines = "".join(f"{name}:{fields[name].strip()}\n" for name in signed)
    request = [method, quote(path, safe="/-_.~"), "&".join(pairs), lines, ";".join(signed)]
    canonical = "\n".join([*request, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secrets[key_id]}".encode()
    for step in (day, region, service, "aws4_request", f"{algorithm}\n{fields['x-amz-date']}\n{scope}\n{digest}"):
        key = hmac.new(key, step.encode(), "sha256").digest()
    return "" if key.hex() == parts["Signature"] else "the signature"


def _keys(server: IdentityServer) -> dict[str, object]:
    return {
        "AccessKeyId": "ASIATEMPORARY",
        "SecretAccessKey": TEMPORARY_SECRET,
        "Token": server.issue("session-"),
        "Expiration": server.expiration(),
    } | server.extra


def _error(code: str, server: IdentityServer, fault: str) -> web.Response:
    server.faults.append(fault)
    text = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>{code}</Code></Error>'
    return web.Response(status=403, content_type="text/xml", text=f"{text}</ErrorResponse>")
