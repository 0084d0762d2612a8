"""AWS's own test suite of Signature Version 4, and requests to Bedrock as botocore signs them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest import mark, param, raises

from data_plane.providers.sigv4 import AwsCredential, Signer, canonical_request, string_to_sign

SUITE = json.loads((Path(__file__).parents[2] / "golden" / "sigv4" / "suite.json").read_bytes())
CASES = [param(case, id=case["name"]) for case in SUITE]
OF_AWS = [param(case, id=case["name"]) for case in SUITE if "canonical_request" in case]
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def signer(token: str = "", service: str = "service") -> Signer:
    return Signer(AwsCredential(ID, SECRET, token), "us-east-1", service)


def fields_of(case: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in case["fields"]]


@mark.parametrize("case", CASES)
def test_a_request_is_signed_as_aws_does(case: dict[str, Any]) -> None:
    token = case["session_token"]

    added = signer(token, case.get("service", "service")).sign(
        case["method"], case["target"].encode(), fields_of(case), case["body"].encode(), NOW
    )

    wanted = [("x-amz-date", "20150830T123600Z"), ("x-amz-security-token", token)][: 2 if token else 1]
    assert added == [*wanted, ("authorization", case["authorization"])]


@mark.parametrize("case", OF_AWS)
def test_each_step_is_as_the_suite_has_it(case: dict[str, Any]) -> None:
    token = case["session_token"]
    fields = [*fields_of(case), ("X-Amz-Date", "20150830T123600Z")]
    if token:
        fields.append(("X-Amz-Security-Token", token))

    request, _ = canonical_request(case["method"], case["target"].encode(), fields, case["body"].encode())

    assert request == case["canonical_request"]
    scope = "20150830/us-east-1/service/aws4_request"
    assert string_to_sign("20150830T123600Z", scope, request) == case["string_to_sign"]


def test_a_key_is_derived_anew_each_day() -> None:
    one = signer()
    request = ("GET", b"/", [("host", "example.amazonaws.com")], b"")

    first = one.sign(*request, NOW)
    next_day = one.sign(*request, NOW + 86_400)

    assert one.sign(*request, NOW) == first
    assert signer().sign(*request, NOW + 86_400) == next_day
    assert "/20150831/" in next_day[-1][1]


def test_no_repr_shows_a_secret() -> None:
    credential = AwsCredential(ID, SECRET, "TOKEN")
    one = Signer(credential, "us-east-1")
    one.sign("GET", b"/", [("host", "h")], b"", NOW)

    for shown in (repr(credential), repr(one), str(credential), f"{[credential, one]}"):
        assert SECRET not in shown
        assert "TOKEN" not in shown
        assert ID not in shown


def test_credentials_are_compared_by_content() -> None:
    assert AwsCredential(ID, SECRET) == AwsCredential(ID, SECRET)
    assert AwsCredential(ID, SECRET) != AwsCredential(ID, SECRET, "TOKEN")
    assert AwsCredential(ID, SECRET) != SECRET


@mark.parametrize("values", [("A\r\nb: c", "s", ""), ("A", "s", "t\n"), ("Ä", "s", ""), ("A", "s", " t")])
def test_what_no_header_can_carry_is_refused(values: tuple[str, str, str]) -> None:
    with raises(ValueError, match="no header can carry") as refused:
        AwsCredential(*values)

    assert repr(values[2]) not in str(refused.value) or not values[2]
