"""Temporary keys that a machine of AWS gives to what runs on it: to a container, or to a whole instance.

Sources: docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html,
docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (2026-11).
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from data_plane.providers.aws_role import temporary_keys
from data_plane.providers.clock import Clock
from data_plane.providers.identity_file import read_small_file
from data_plane.providers.key_line import can_be_sent
from data_plane.providers.sigv4 import AwsCredential
from data_plane.providers.token import Issued, TokenFailure
from data_plane.providers.token_endpoint import Call, Reply, json_object, send

FULL_URI, RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
ECS_HOST = "http://169.254.170.2"
CONTAINER_HOSTS = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost")  # of ECS and EKS
INSTANCE_URL = "http://169.254.169.254"
ROLES = "/latest/meta-data/iam/security-credentials/"
SESSION_SECONDS = "21600"


def has_container_keys(environment: Mapping[str, str]) -> bool:
    return bool(environment.get(FULL_URI) or environment.get(RELATIVE_URI))


async def container_keys(environment: Mapping[str, str], clock: Clock) -> Issued[AwsCredential]:
    """Of an ECS task, or of a pod by EKS Pod Identity.

    Raises:
        TokenFailure: there are none.
    """
    relative = environment.get(RELATIVE_URI)
    url = f"{ECS_HOST}{relative}" if relative else environment.get(FULL_URI, "")
    if not _may_have_the_token(url):
        raise TokenFailure(f"{FULL_URI} must be of `https`, or name the machine itself")
    headers = {"accept": "application/json"}
    path = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = read_small_file(path) if path else environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if token and can_be_sent(token):
        headers["authorization"] = token
    return _keys(_found(await send(Call(url, headers=headers))), clock)


async def instance_keys(environment: Mapping[str, str], clock: Clock) -> Issued[AwsCredential]:
    """Of the instance's role, by version 2 of its metadata service.

    Raises:
        TokenFailure: there are none.
    """
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise TokenFailure("no identity is given to this pod, and AWS_EC2_METADATA_DISABLED is set")
    root = (environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or INSTANCE_URL).rstrip("/")
    ttl = {"x-aws-ec2-metadata-token-ttl-seconds": SESSION_SECONDS}
    session = _found(await send(Call(f"{root}/latest/api/token", "PUT", ttl))).body.decode(errors="replace").strip()
    if not session or not can_be_sent(session):
        raise TokenFailure(f"'{urlsplit(root).hostname}' is no metadata service of an instance")
    headers = {"x-aws-ec2-metadata-token": session}
    roles = _found(await send(Call(root + ROLES, headers=headers))).body.decode(errors="replace").splitlines()
    if not roles:
        raise TokenFailure("the instance has no role: attach one to it")
    return _keys(_found(await send(Call(root + ROLES + quote(roles[0], safe=""), headers=headers))), clock)


def _keys(reply: Reply, clock: Clock) -> Issued[AwsCredential]:
    answer = json_object(reply)
    if answer.get("Code", "Success") != "Success":
        raise TokenFailure(f"'{reply.host}' has no keys for the role: check whom its policy trusts")
    return temporary_keys(answer, "Token", reply.host, clock)


def _found(reply: Reply) -> Reply:
    if reply.status != 200:
        raise TokenFailure(f"'{reply.host}' answered {reply.status}: check that an identity is attached")
    return reply


def _may_have_the_token(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" or (parts.scheme == "http" and host in CONTAINER_HOSTS):
            return True
        return parts.scheme == "http" and ip_address(host).is_loopback
    except ValueError:
        return False
