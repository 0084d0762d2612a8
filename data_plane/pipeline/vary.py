"""What an answer depends on beside its address, told to caches. Source: RFC 9110, section 12.5.5."""


def add_vary(headers: list[tuple[bytes, bytes]], name: bytes) -> None:
    """Add a request header's name to `Vary`, unless it is there already or everything counts."""
    for field, value in headers:
        if field == b"vary" and _covers(value, name):
            return
    headers.append((b"vary", name))


def _covers(value: bytes, name: bytes) -> bool:
    value, name = value.lower(), name.lower()
    if name not in value and b"*" not in value:
        return False  # the usual case, without taking the list apart
    names = [each.strip() for each in value.split(b",")]
    return name in names or b"*" in names
