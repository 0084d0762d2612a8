"""Where a request carries its API key, in the manner of each API's clients."""

from hashlib import sha256

from data_plane.exchange import Request

BEARER = b"bearer "
KEY_HEADERS = (b"x-api-key", b"api-key", b"x-goog-api-key")
QUERY_NAME = b"key="
MAX_KEY_BYTES = 512


def find_key(request: Request) -> bytes | None:
    """The key that the headers carry; None if they carry none."""
    headers = request.headers
    authorization = headers.get(b"authorization")
    if authorization is not None and authorization[:7].lower() == BEARER:
        return authorization[7:].strip() or None
    for name in KEY_HEADERS:
        value = headers.get(name)
        if value:
            return value
    return None


def take_query_key(request: Request) -> bytes | None:
    """The key of `?key=`, taken out of the query: it may be neither forwarded nor recorded."""
    if QUERY_NAME not in request.query:
        return None
    fields = request.query.split(b"&")
    keys = [field[len(QUERY_NAME) :] for field in fields if field.startswith(QUERY_NAME)]
    if not keys:
        return None
    request.query = b"&".join(field for field in fields if not field.startswith(QUERY_NAME))
    return keys[0] or None


def digest(key: bytes) -> bytes:
    """What is known of a key: the SHA-256 of the whole."""
    return sha256(key[:MAX_KEY_BYTES]).digest()
