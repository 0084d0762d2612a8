"""Signs requests to AWS, all but those to S3, whose rules of paths and payloads are others.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (AWS Signature Version 4).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from posixpath import normpath
from urllib.parse import quote_from_bytes, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SLASH = b"/"
Field = tuple[str, str]


class AwsCredential:
    """A key of AWS, for as long as it holds. Its repr does not show it."""

    __slots__ = ("access_key_id", "secret_access_key", "session_token")

    def __init__(self, access_key_id: str, secret_access_key: str, session_token: str = "") -> None:
        """`session_token`: of temporary keys.

        Raises:
            ValueError: a header cannot carry the id or the token.
        """
        for value in (access_key_id, session_token):
            if not value.isascii() or (value and not value.isprintable()) or value != value.strip():
                raise ValueError("the credential has characters that no header can carry")
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token

    def __repr__(self) -> str:
        return "AwsCredential(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AwsCredential) and (
            self.access_key_id,
            self.secret_access_key,
            self.session_token,
        ) == (other.access_key_id, other.secret_access_key, other.session_token)

    __hash__ = None  # type: ignore[assignment]  # no key of any dict: it is a secret


class Signer:
    """Of requests to one service in one region. Keeps the key that is derived for the day. Its repr shows none."""

    __slots__ = ("_credential", "_day", "_key", "_region", "_service")

    def __init__(self, credential: AwsCredential, region: str, service: str = "bedrock") -> None:
        self._credential = credential
        self._region = region
        self._service = service
        self._day = ""
        self._key = b""

    def sign(
        self, method: str, target: bytes, fields: Sequence[Field], body: bytes, unix_seconds: float
    ) -> list[Field]:
        """The fields that have to be sent beside those given, all of which are signed: `host` must be among them.

        `target`: path and query as they are sent. `unix_seconds`: now, since the service takes no signature that is
        older than 5 minutes.
        """
        moment = datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
        added: list[Field] = [("x-amz-date", moment)]
        token = self._credential.session_token
        if token:
            added.append(("x-amz-security-token", token))
        request, names = canonical_request(method, target, [*fields, *added], body)
        scope = f"{moment[:8]}/{self._region}/{self._service}/{TERMINATOR}"
        text = string_to_sign(moment, scope, request)
        signature = digest(self._key_of(moment[:8]), text.encode(), "sha256").hex()
        credential = f"{self._credential.access_key_id}/{scope}"
        value = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return [*added, ("authorization", value)]

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = b"AWS4" + self._credential.secret_access_key.encode()
            for part in (day, self._region, self._service, TERMINATOR):
                key = digest(key, part.encode(), "sha256")
            self._day, self._key = day, key
        return self._key

    def __repr__(self) -> str:
        return f"Signer({self._region!r}, {self._service!r})"


def canonical_request(method: str, target: bytes, fields: Sequence[Field], body: bytes) -> tuple[str, str]:
    """What both sides make of a request, and the names of its fields."""
    path, _, query = target.partition(b"?")
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(values)
    lines = "".join(f"{name}:{','.join(values[name])}\n" for name in names)
    signed = ";".join(names)
    payload = sha256(body).hexdigest()
    return f"{method}\n{_path(path)}\n{_query(query)}\n{lines}\n{signed}\n{payload}", signed


def string_to_sign(moment: str, scope: str, request: str) -> str:
    """Of a canonical request."""
    return f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"


def _path(path: bytes) -> str:
    """Encoded once more than it is sent: `%3A` of a model's name becomes `%253A`."""
    normal = _without_dots(path) if b"." in path or b"//" in path else path
    return quote_from_bytes(normal or SLASH, safe="/-_.~")


def _without_dots(path: bytes) -> bytes:
    """Source: RFC 3986, 5.2.4; and slashes that follow one another are one."""
    normal = normpath(SLASH + path.lstrip(SLASH))
    return normal + SLASH if path.endswith(SLASH) and normal != SLASH else normal


def _query(query: bytes) -> str:
    """Sorted by name, then by value, as they are encoded; what is encoded already is not again."""
    pairs = [field.partition(b"=") for field in query.split(b"&") if field]
    return "&".join(
        f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    )


def _encoded(value: bytes) -> str:
    return quote_from_bytes(unquote_to_bytes(value), safe="-_.~")
