"""What one Server-Sent Event says. Source: WHATWG HTML, section 9.2.6."""

CR, LF = b"\r", b"\n"
DATA, EVENT = b"data:", b"event:"


def data_of(event: bytes) -> bytes:
    """The data of an event, its lines joined; empty for a comment."""
    if event.startswith(DATA) and event.count(LF) == 2 and CR not in event:  # how nearly all come
        return event[5:].strip()
    lines = [_value(line) for line in event.splitlines() if line.startswith(DATA)]
    return LF.join(lines).strip()


def name_of(event: bytes) -> bytes:
    """The event's name; empty where it has none."""
    for line in event.splitlines():
        if line.startswith(EVENT):
            return _value(line)
    return b""


def _value(line: bytes) -> bytes:
    value = line.partition(b":")[2]
    return value[1:] if value.startswith(b" ") else value
