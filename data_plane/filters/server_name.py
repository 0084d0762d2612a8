"""Refuses requests for another host than the one for which the TLS connection was made. RFC 9110, section 7.4."""

from data_plane.errors import MisdirectedRequest
from data_plane.exchange import Exchange
from data_plane.pipeline.filter import Filter


class ServerNameFilter(Filter):
    """For gateways that verify client certificates: what was proved to one name is not proved to all.

    Others let a client ask for any host on its connection, as nginx does.
    """

    def on_request(self, exchange: Exchange) -> None:
        peer = exchange.request.peer
        if peer.scheme != "https":
            return
        host = exchange.request.headers.get(b"host", b"").decode("latin-1").lower()
        name = host.partition(":")[0].removesuffix(".")
        if peer.server_name:
            agrees = name == peer.server_name
        else:  # no name can be asked for by who connects to an address
            agrees = host.startswith("[") or name.replace(".", "").isdigit()
        if not agrees:
            raise MisdirectedRequest("the TLS connection was made for another host than the request's")
