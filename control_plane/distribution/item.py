"""One version of one resource as the store has it, and what of it is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field

from config_schemas.canonical import PATH_PREFIX
from config_schemas.digest import resource_digest
from config_schemas.version import newer_names, restrict
from control_plane.store.keys import find_resource_name

MAX_PATH_CHARACTERS = 256  # admission allows less; keys written by hand may have anything

Unseal = Callable[[str, bytes], bytes]  # resource path, stored bytes -> the same with its secret values opened


class Unreadable(Exception):
    """A sealed value cannot be opened; the text says why, without the value. Raised by an `Unseal`."""


@dataclass(frozen=True, slots=True)
class Item:
    """`payload` as stored: secrets stay sealed. `digest` is of what is sent, so sealing anew changes nothing.

    `digest` None: a sealed value cannot be opened; the item is not sent.
    """

    payload: bytes = field(repr=False)
    revision: int
    digest: bytes | None


class Items:
    """Makes items of stored bytes, and messages' payloads of items."""

    def __init__(self, unseal: Unseal) -> None:
        self._unseal = unseal
        self.unreadable = 0  # counts

    def make(self, path: str, payload: bytes, revision: int) -> Item:
        try:
            return Item(payload, revision, resource_digest(path, self._open(path, payload)))
        except Unreadable:
            self.unreadable += 1
            return Item(payload, revision, None)

    def sent_digest(self, path: str, item: Item, schema_version: int) -> bytes | None:
        """The digest of what a node of `schema_version` is sent; None: nothing."""
        if item.digest is None or not newer_names(kind_of(path), schema_version):
            return item.digest
        payload = self.sent_payload(path, item, schema_version)
        return None if payload is None else resource_digest(path, payload)

    def sent_payload(self, path: str, item: Item, schema_version: int) -> bytes | None:
        """What a node of `schema_version` is sent.

        Raises:
            Unreadable: only if the item has no digest.
        """
        return restrict(kind_of(path), self._open(path, item.payload), schema_version)

    def _open(self, path: str, payload: bytes) -> bytes:
        return self._unseal(path, payload) if kind_of(path) == "Secret" else payload


def is_resource_path(path: str) -> bool:
    """Whether a key under the prefix is that of a resource of a known kind."""
    return len(path) <= MAX_PATH_CHARACTERS and find_resource_name(PATH_PREFIX + path) is not None


def tenant_of(path: str) -> str:
    return path.partition("/")[0]


def kind_of(path: str) -> str:
    return path.split("/", 2)[1]


def name_of(path: str) -> str:
    return path.rpartition("/")[2]
