"""The header line that carries a key or a token."""


def can_be_sent(secret: str) -> bool:
    """Whether a header can carry it, as it is."""
    return secret.isascii() and secret.isprintable() and secret == secret.strip()


def key_line(header: str, secret: str) -> bytes:
    """The line with its CRLF; in `authorization` a secret is a bearer token, elsewhere it stands alone."""
    value = f"Bearer {secret}" if header == "authorization" else secret
    return f"{header}: {value}\r\n".encode()
