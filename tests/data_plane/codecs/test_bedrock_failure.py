"""Errors of Bedrock, as AWS words them."""

import json

from pytest import mark, param

from data_plane.llm.failure import FailureKind, ProviderFailure
from tests.fakes.bedrock_golden import BEDROCK

REQUEST_ID = {b"x-amzn-requestid": b"d0c6d5a1-1c2e"}


def failure(status: int, name: str, message: str = "x") -> ProviderFailure:
    headers = {b"x-amzn-errortype": name.encode(), **REQUEST_ID}
    return BEDROCK.decode_failure(status, headers, json.dumps({"message": message}).encode())


@mark.parametrize(
    ("status", "name", "kind"),
    [
        (403, "AccessDeniedException", FailureKind.PERMISSION),
        (403, "ExpiredTokenException", FailureKind.AUTHENTICATION),
        (403, "InvalidSignatureException", FailureKind.AUTHENTICATION),
        (403, "UnrecognizedClientException", FailureKind.AUTHENTICATION),
        (500, "InternalServerException", FailureKind.SERVER),
        (424, "ModelErrorException", FailureKind.SERVER),
        (429, "ModelNotReadyException", FailureKind.OVERLOADED),
        (424, "ModelStreamErrorException", FailureKind.SERVER),
        (408, "ModelTimeoutException", FailureKind.TIMEOUT),
        (404, "ResourceNotFoundException", FailureKind.NOT_FOUND),
        (400, "ServiceQuotaExceededException", FailureKind.QUOTA),
        (503, "ServiceUnavailableException", FailureKind.OVERLOADED),
        (429, "ThrottlingException", FailureKind.RATE_LIMIT),
        (400, "ValidationException", FailureKind.INVALID_REQUEST),
        (418, "TeapotException", FailureKind.INVALID_REQUEST),
        (502, "", FailureKind.SERVER),
    ],
)
def test_an_error_is_known_by_its_name(status: int, name: str, kind: FailureKind) -> None:
    assert failure(status, name) == ProviderFailure(status, kind, "x", name, None, "d0c6d5a1-1c2e")


@mark.parametrize(
    "name",
    [
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
        "com.amazon.coral.service#ThrottlingException",
    ],
)
def test_what_front_ends_add_to_a_name_is_left_out(name: str) -> None:
    found = failure(429, name)

    assert (found.code, found.kind) == ("ThrottlingException", FailureKind.RATE_LIMIT)


@mark.parametrize(
    "message",
    [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 208310 tokens > 200000 maximum",
        "The model returned the following errors: input length and `max_tokens` exceed context limit: 199000 + 8192",
        "This model's maximum context length is 131072 tokens.",
        "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
    ],
)
def test_too_much_input_is_known_by_its_words(message: str) -> None:
    assert failure(400, "ValidationException", message).kind is FailureKind.CONTEXT_LENGTH


@mark.parametrize(
    ("body", "headers", "code", "message"),
    [
        param(b'{"Message":"no"}', {}, "", "no", id="capital"),
        param(
            b'{"__type":"a.b#ThrottlingException","message":"no"}', {}, "ThrottlingException", "no", id="in the body"
        ),
        param(b"<html>no</html>", {}, "", "<html>no</html>", id="no JSON"),
        param(b'{"message":7}', {}, "", '{"message":7}', id="message is a number"),
        param(b"\xff", {}, "", "�", id="no UTF-8"),
        param(b"", {}, "", "", id="nothing"),
    ],
)
def test_any_body_is_an_error(body: bytes, headers: dict[bytes, bytes], code: str, message: str) -> None:
    found = BEDROCK.decode_failure(429, headers, body)

    assert (found.code, found.message, found.kind) == (code, message, FailureKind.RATE_LIMIT)


def test_it_says_when_to_try_again() -> None:
    found = BEDROCK.decode_failure(503, {b"retry-after": b"7"}, b"{}")

    assert found.retry_after_seconds == 7.0
