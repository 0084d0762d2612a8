"""What the Security Token Service answers, and where it is."""

from collections.abc import Mapping

from pytest import mark, param, raises

from data_plane.providers.aws_role import AwsRole, read_keys, sts_url, temporary_keys
from data_plane.providers.token import TokenFailure
from data_plane.providers.token_endpoint import Reply
from tests.fakes.virtual_clock import VirtualClock

CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>hunter2</SecretAccessKey>"
    "<SessionToken>hunter3</SessionToken><Expiration>2026-09-21T15:13:20Z</Expiration></Credentials>"
)


def answer(text: str, status: int = 200) -> Reply:
    return Reply("sts.example", status, {}, text.encode())


def test_keys_are_read_whatever_stands_around_them() -> None:
    time = VirtualClock()
    time.now = 0.0

    for text in (f"<a xmlns='https://sts/'><b>{CREDENTIALS}</b></a>", f"<?xml version='1.0'?><R>{CREDENTIALS}</R>"):
        issued = read_keys(answer(text), time.clock)
        keys = issued.value
        assert (keys.access_key_id, keys.secret_access_key, keys.session_token) == ("ASIA1", "hunter2", "hunter3")
        assert issued.lifetime_seconds == 3600


@mark.parametrize(
    "text, status, message",
    [
        param("", 200, "without temporary keys", id="nothing"),
        param("<a/>", 200, "without temporary keys", id="another document"),
        param("<a><b></a>", 200, "without temporary keys", id="no document"),
        param(f"<!DOCTYPE a><a>{CREDENTIALS}</a>", 200, "without temporary keys", id="a document type"),
        param("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", 200, "without temporary keys", id="words of its own"),
        param(f"<a>{CREDENTIALS.replace('ASIA1', '')}</a>", 200, "no `AccessKeyId`", id="an empty field"),
        param(f"<a>{CREDENTIALS.replace('hunter3', 'a&#10;b')}</a>", 200, "no `SessionToken`", id="two lines"),
        param(f"<a>{CREDENTIALS.replace('2026-', 'soon-')}</a>", 200, "that is no time", id="no time"),
        param("<Code>AccessDenied</Code>hunter2", 403, "403 `AccessDenied`: check the role", id="refused"),
        param("<Code>hunter2</Code>", 400, "answered 400: check the role", id="an unknown word"),
    ],
)
def test_what_is_no_answer_is_refused_in_words_that_are_known(text: str, status: int, message: str) -> None:
    with raises(TokenFailure, match=message) as caught:
        read_keys(answer(text, status), VirtualClock().clock)

    assert "hunter" not in str(caught.value)


@mark.parametrize(
    "role, region, environment, url",
    [
        param(AwsRole(), "eu-west-1", {}, "https://sts.eu-west-1.amazonaws.com", id="of the region"),
        param(AwsRole(), "cn-north-1", {}, "https://sts.cn-north-1.amazonaws.com.cn", id="in China"),
        param(AwsRole(), "r", {"AWS_ENDPOINT_URL_STS": "https://vpce"}, "https://vpce", id="of the environment"),
        param(
            AwsRole(url="https://own"), "r", {"AWS_ENDPOINT_URL_STS": "https://vpce"}, "https://own", id="configured"
        ),
    ],
)
def test_the_service_is_found(role: AwsRole, region: str, environment: Mapping[str, str], url: str) -> None:
    assert sts_url(role, region, environment) == url


def test_an_end_with_parts_of_a_second_is_a_time_too() -> None:
    time = VirtualClock()
    time.now = 0.0
    fields = {"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C", "Expiration": "2026-09-21T14:13:20.500Z"}

    assert temporary_keys(fields, "Token", "h", time.clock).lifetime_seconds == 0.5


def test_an_answer_that_is_cut_or_damaged_anywhere_gives_keys_or_a_failure() -> None:
    text = f"<R xmlns='https://sts/'>{CREDENTIALS}</R>"
    for at in range(len(text)):
        for damaged in (
            text[:at],
            text[:at] + "&" + text[at + 1 :],
            text[:at] + "<" + text[at + 1 :],
            text[:at] + text[at + 1 :],
        ):
            try:
                keys = read_keys(answer(damaged), VirtualClock().clock).value
            except TokenFailure as failure:
                assert "hunter" not in str(failure)
            else:
                assert keys.access_key_id and keys.secret_access_key and keys.session_token
