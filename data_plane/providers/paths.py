"""Request targets that several types of provider build alike."""

from collections.abc import Callable
from urllib.parse import quote

from data_plane.codecs.query_fields import without
from data_plane.providers.surface import Asked

# What a model's name may hold and stands as it is in a path, slashes too. Source: RFC 3986, 3.3.
STANDING = "!$&'()*+,;=:@/[]"
# Azure's, which asks for the API of the client's choice; and keys, which no provider may get to see.
DROPPED_FIELDS = (b"api-version", b"key")


def at(path: bytes) -> Callable[[Asked], bytes]:
    """Always the same path, with the client's query."""

    def target(asked: Asked) -> bytes:
        return path + forwarded_query(asked.query)

    return target


def below(root: bytes) -> Callable[[Asked], bytes]:
    """The client's own path, below another root; for wire APIs that have several."""

    def target(asked: Asked) -> bytes:
        return root + (asked.path or b"/") + forwarded_query(asked.query)

    return target


def escaped(model: str) -> bytes:
    """A model's name in a path."""
    return quote(model, safe=STANDING).encode()


def forwarded_query(query: bytes) -> bytes:
    """With its `?`; without keys and what is for the gateway alone, however their names are written."""
    if not query:
        return b""
    if b"api-version" in query or b"key" in query or b"%" in query:
        query = without(query, DROPPED_FIELDS)
    return b"?" + query if query else b""
