"""The client's side of wire APIs with one short answer that only providers speak."""

from typing import NoReturn

from data_plane.codecs.client_api import Call
from data_plane.codecs.provider_only import MESSAGE
from data_plane.errors import UnmappableApi


def decode_request(body: bytes, call: Call) -> NoReturn:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)


def encode_response(answer: object, request: object) -> NoReturn:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)
