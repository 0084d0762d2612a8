"""Stored bytes as documents and resources, upgraded on read, Secrets only ever as fingerprints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from config_schemas.base import Resource
from config_schemas.canonical import encode
from config_schemas.conversion.upgrade import UnknownVersion, upgrade
from config_schemas.registry import KINDS
from control_plane.errors import (
    RESTORE_UNDER_WAY,
    Expired,
    RestoreUnderWay,
    StoredInvalid,
    StoreUnavailable,
    TooLarge,
)
from control_plane.secrets.sealer import Sealer, SealError
from control_plane.secrets.secret_document import open_document, show_document
from control_plane.store import base
from control_plane.store.keys import ResourceName

Document = dict[str, Any]


def parse_stored(value: bytes) -> Document:
    """The document of stored bytes, as the newest API version has it.

    Raises:
        StoredInvalid: no document.
    """
    try:
        document = json.loads(value)
        if isinstance(document, dict):
            return upgrade(document)
    except (ValueError, RecursionError, UnknownVersion) as error:
        raise StoredInvalid("what is stored is no resource") from error
    raise StoredInvalid("what is stored is no resource")


class Reader:
    """Makes the resources that clients see of what is stored."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def show(self, name: ResourceName, document: Document, revision: int) -> Resource:
        """The resource of a stored document.

        Raises:
            StoredInvalid: it is not valid, or lies under another's name.
        """
        try:
            if name.kind == "Secret":
                document = show_document(self._sealer, str(name), document)
            complete = {**document, "metadata": {**document["metadata"], "revision": revision}}
            resource = KINDS[name.kind].model_validate_json(encode(complete))
        except (ValidationError, LookupError, TypeError, AttributeError) as error:
            raise StoredInvalid(f"what is stored as {name} is not a valid {name.kind}; replace or delete it") from error
        if (resource.metadata.tenant, resource.metadata.name) != (name.tenant, name.name):
            raise StoredInvalid(f"what is stored as {name} has another name in it; replace or delete it")
        return resource

    def open(self, name: ResourceName, document: Document) -> Document:
        """A stored document with its plain values, to be written again; never to be shown.

        Raises:
            StoredInvalid: a value does not open.
        """
        if name.kind != "Secret":
            return document
        try:
            return open_document(self._sealer, str(name), document)
        except SealError as error:
            raise StoredInvalid(str(error)) from error

    def read(self, name: ResourceName, entry: base.Entry) -> Resource:
        """The resource of a store entry.

        Raises:
            StoredInvalid: it is not valid.
        """
        return self.show(name, parse_stored(entry.value), entry.revision)


@contextmanager
def store_errors() -> Iterator[None]:
    """Say as the control plane what the store says."""
    try:
        yield
    except base.Compacted as error:
        raise Expired("the revision asked for is no longer kept; list again") from error
    except base.TooLarge as error:
        raise TooLarge(f"{error}; make fewer or smaller changes at once") from error
    except base.UnderRestore as error:
        raise RestoreUnderWay(RESTORE_UNDER_WAY) from error
    except base.Unavailable as error:
        raise StoreUnavailable("the store cannot be asked now; a write may or may not have been made") from error
