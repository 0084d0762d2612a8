"""Requests are signed by keys as AWS and botocore sign them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest import mark, param, raises

from data_plane.providers.aws_keys import AwsKeys, AwsScope, start_aws_keys
from data_plane.providers.aws_role import AwsRole
from data_plane.providers.aws_signing import SignedByKeys, SignedByToken
from data_plane.providers.clock import Clock
from data_plane.providers.credential import Outgoing
from data_plane.providers.sigv4 import AwsCredential, Signer
from tests.fakes.aws_issuer import KEY_ID, ROLE, SECRET, signature_fault
from tests.fakes.virtual_clock import VirtualClock

SUITE = json.loads((Path(__file__).parents[2] / "golden" / "sigv4" / "suite.json").read_bytes())
HOST_ONLY = [case for case in SUITE if [name.lower() for name, _ in case["fields"]] == ["host"]]
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
HOST = b"bedrock-runtime.eu-west-1.amazonaws.com"
BEDROCK = AwsScope("eu-west-1")


def signed(spec: AwsKeys, outgoing: Outgoing, clock: Clock) -> dict[str, str]:
    proof = start_aws_keys(spec, {}, clock).prove(outgoing)
    assert proof is not None
    return dict(line.split(": ", 1) for line in proof.lines.decode().removesuffix("\r\n").split("\r\n"))


@mark.parametrize("case", [param(case, id=case["name"]) for case in HOST_ONLY])
def test_requests_of_aws_s_suite_are_signed_as_there(case: dict[str, Any]) -> None:
    scope, secret = AwsScope("us-east-1", "service"), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    keys = AwsKeys(scope, "AKIDEXAMPLE", secret, case["session_token"])
    target, host = case["target"].encode(), case["fields"][0][1].encode()
    outgoing = Outgoing(case["method"].encode(), host, target, case["body"].encode(), "")

    lines = signed(keys, outgoing, Clock(wall=lambda: NOW))

    assert lines["authorization"] == case["authorization"]


def test_the_suite_has_such_requests() -> None:
    assert len(HOST_ONLY) > 10


@mark.parametrize(
    "change",
    [
        param({"target": b"/model/other/converse"}, id="another path"),
        param({"target": b"/model/m%3A0/converse?a=2"}, id="another query"),
        param({"authority": b"evil.example"}, id="another host"),
        param({"body": b"{ }"}, id="another body"),
        param({"method": b"GET"}, id="another method"),
    ],
)
@mark.parametrize("token", ["", "session"])
def test_the_signature_covers_the_whole_request(change: dict[str, bytes], token: str) -> None:
    sent = {"method": b"POST", "authority": HOST, "target": b"/model/m%3A0/converse?a=1", "body": b"{}"}
    lines = signed(AwsKeys(BEDROCK, KEY_ID, SECRET, token), Outgoing(**sent, key_header=""), VirtualClock().clock)

    def fault(request: dict[str, bytes]) -> str:
        headers = lines | {"host": request["authority"].decode()}
        target = request["target"].decode()
        return signature_fault(
            request["method"].decode(), target, headers, request["body"], {KEY_ID: SECRET}, "bedrock"
        )

    assert fault(sent) == ""
    assert fault(sent | change) == "the signature"
    assert lines.get("x-amz-security-token", "") == token


def test_each_request_is_signed_anew_with_the_time_of_day() -> None:
    time = VirtualClock()
    credential = start_aws_keys(AwsKeys(BEDROCK, KEY_ID, SECRET), {}, time.clock)
    outgoing = Outgoing(b"POST", HOST, b"/", b"{}", "")

    first = credential.prove(outgoing)
    time.go_on(86_400)

    assert first != credential.prove(outgoing)
    assert not credential.refuse(0, 403, None)


def test_a_role_is_taken_on_first() -> None:
    assert isinstance(AwsKeys(BEDROCK, KEY_ID, SECRET).start(), SignedByKeys)
    assert isinstance(AwsKeys(BEDROCK, KEY_ID, SECRET, role=AwsRole(ROLE)).start(), SignedByToken)


@mark.parametrize("values", [("A\r\nb: c", "s", ""), ("A", "s", "t\n"), ("Ä", "s", "")])
def test_keys_that_no_header_can_carry_are_refused(values: tuple[str, str, str]) -> None:
    with raises(ValueError, match="no header can carry"):
        AwsKeys(BEDROCK, *values)


def test_the_lines_are_those_of_the_signer() -> None:
    time = VirtualClock()
    added = Signer(AwsCredential(KEY_ID, SECRET), "eu-west-1").sign("POST", b"/", [("host", "h")], b"", time.wall())

    lines = signed(AwsKeys(BEDROCK, KEY_ID, SECRET), Outgoing(b"POST", b"h", b"/", b"", ""), time.clock)

    assert list(lines.items()) == added
