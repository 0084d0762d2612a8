"""What is spoken to providers only is nothing for clients."""

from pytest import mark, raises

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import UNARY
from data_plane.codecs.wire import WIRES
from data_plane.errors import UnmappableApi


@mark.parametrize("api", [api for api in UNARY if api not in WIRES.values()])
def test_clients_are_refused(api: str) -> None:
    with raises(UnmappableApi):
        UNARY[api].decode_request(b"{}", Call("openai", "embeddings", b"/embeddings"))
    with raises(UnmappableApi):
        UNARY[api].encode_response(None, None)
