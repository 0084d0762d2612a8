"""What a service account says of itself, and which key files can be used."""

import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest import mark, param, raises

from data_plane.providers.google_account import TOKEN_URL, assertion, read_key_file
from tests.fakes.damage import damages
from tests.fakes.oauth_issuer import CLOUD_PLATFORM, EMAIL, KEY_ID, PRIVATE_KEY, service_account, verify_jwt

CURVE = generate_curve_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_an_assertion_is_signed_by_the_account_s_key() -> None:
    account = read_key_file(service_account("https://issuer.example/token"), "a b")

    head, claims = verify_jwt(assertion(account, 1_790_000_000.9), PRIVATE_KEY.public_key())

    assert head == {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
    assert claims == {
        "iss": EMAIL,
        "scope": "a b",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1_790_000_000,
        "exp": 1_790_003_600,
    }


def test_what_a_key_file_leaves_out_is_google_s() -> None:
    account = read_key_file(service_account("", private_key_id=None), "")

    head, claims = verify_jwt(assertion(account, 0), PRIVATE_KEY.public_key())
    assert (account.token_url, claims["aud"], claims["scope"]) == (TOKEN_URL, TOKEN_URL, CLOUD_PLATFORM)
    assert "kid" not in head


@mark.parametrize(
    "changes, message",
    [
        param({"type": "authorized_user"}, "type: service_account", id="another type"),
        param({"client_email": ""}, "`client_email`", id="no account"),
        param({"token_uri": "file:///etc/passwd"}, "`token_uri`", id="no address"),
        param({"token_uri": "https://a\nb"}, "`token_uri`", id="an address of two lines"),
        param({"private_key": ""}, "no RSA key", id="no key"),
        param({"private_key": "hunter2"}, "no RSA key", id="no PEM"),
        param({"private_key": CURVE}, "no RSA key", id="another kind of key"),
        param({"private_key": 1}, "no RSA key", id="a number"),
    ],
)
def test_what_is_no_key_of_a_service_account_is_refused(changes: Mapping[str, object], message: str) -> None:
    with raises(ValueError, match=message) as caught:
        read_key_file(service_account(TOKEN_URL, **changes), "")

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@mark.parametrize("text", ["", "[]", "{", "null", json.dumps("x")])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with raises(ValueError, match="a service account's key in JSON"):
        read_key_file(text, "")


def test_no_repr_shows_the_key() -> None:
    assert "PRIVATE" not in repr(read_key_file(service_account(TOKEN_URL), ""))


def test_whatever_is_wrong_in_a_key_file_it_is_a_key_or_refused() -> None:
    for damaged in damages(service_account(TOKEN_URL).encode()):
        try:
            account = read_key_file(damaged.decode(), "")
        except ValueError as error:
            assert "PRIVATE KEY" not in str(error)
        else:
            assert assertion(account, 0.0).count(".") == 2
