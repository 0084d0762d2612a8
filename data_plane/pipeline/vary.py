"""What an answer depends on beside its address, told to caches. Source: RFC 9110, section 12.5.5."""


def add_vary(headers: list[tuple[bytes, bytes]], name: bytes) -> None:
    """Add a request header's name to `Vary`, unless it is there already or everything counts."""
    for field, value in headers:
        if field == b"vary" and not {b"*", name.lower()}.isdisjoint(map(bytes.strip, value.lower().split(b","))):
            return
    headers.append((b"vary", name))
