"""The codecs, by the name of their wire API."""

from collections.abc import Mapping

from data_plane.codecs import (
    openai_chat_encode,
    openai_chat_request,
    openai_chat_response,
    openai_failure,
)
from data_plane.codecs.codec import Codec
from data_plane.codecs.openai_chat_decoder import OpenAIChatDecoder
from data_plane.codecs.openai_chat_encoder import OpenAIChatEncoder

OPENAI_CHAT = Codec(
    openai_chat_request.API,
    openai_chat_request.decode_request,
    openai_chat_encode.encode_request,
    openai_chat_response.decode_response,
    openai_chat_response.encode_response,
    openai_failure.decode_failure,
    OpenAIChatDecoder,
    OpenAIChatEncoder,
)
CODECS: Mapping[str, Codec] = {codec.api: codec for codec in (OPENAI_CHAT,)}
