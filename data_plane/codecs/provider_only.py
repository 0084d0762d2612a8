"""The client's side of wire APIs that only providers speak."""

from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.codec import StreamEncoder
from data_plane.errors import UnmappableApi
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import GenerateResponse

MESSAGE = "this API is spoken to providers only"


def decode_request(body: bytes, call: Call) -> GenerateRequest:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)


def decode_parsed(fields: dict[str, Raw], call: Call) -> GenerateRequest:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)


def encode_response(response: GenerateResponse) -> bytes:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)


def stream_encoder(request: GenerateRequest) -> StreamEncoder:
    """Raises:
    UnmappableApi: always.
    """
    raise UnmappableApi(MESSAGE)
