"""TLS contexts towards upstreams."""

import ssl
from functools import lru_cache

from data_plane.upstream.cluster import UpstreamTls

MAX_CONTEXTS = 256  # the roots of one take about a megabyte


def context_for(tls: UpstreamTls) -> ssl.SSLContext:
    """The context for an endpoint; one for all with the same roots, since the server's name comes with each connect."""
    return _context(tls.ca_pem, tls.verify)


@lru_cache(MAX_CONTEXTS)
def _context(ca_pem: str, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_pem or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
