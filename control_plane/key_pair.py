"""Certificate chains and private keys that are in memory: Python's ssl reads them from files."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager


class KeyPairError(ValueError):
    """The chain or the key cannot be used."""


def load_key_pair(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    """Have the context prove itself by a chain in PEM, leaf first, and its private key.

    Raises:
        KeyPairError: they cannot be read, or do not belong together.
    """
    with _in_memory(chain) as chain_file, _in_memory(key) as key_file:
        try:
            # Without a password OpenSSL would ask the terminal for that of an encrypted key.
            context.load_cert_chain(chain_file, key_file, password="")
        except ssl.SSLError as error:
            raise KeyPairError(_explained(error)) from None


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """The path of a file without a name: what is loaded is what was read, whatever the files have become."""
    descriptor = os.memfd_create("key-pair")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _explained(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "the private key does not belong to the certificate"
    if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
        return f"the certificate is too weak ({reason})"
    return "the certificate or the private key is not PEM that can be read, or the key is encrypted"
