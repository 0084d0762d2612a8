"""Documents of older API versions as the newest has them. Stored ones are upgraded whenever they are read."""

from collections.abc import Callable, Mapping
from typing import Any

from config_schemas.base import API_VERSION

Document = dict[str, Any]

# By the older version: what makes its documents those of the version after it. Pure; the input is left as it is.
UPGRADES: Mapping[str, Callable[[Document], Document]] = {}


class UnknownVersion(Exception):
    """No released version has this name; the text says which are known."""


def upgrade(document: Document, upgrades: Mapping[str, Callable[[Document], Document]] = UPGRADES) -> Document:
    """The document as `API_VERSION` has it.

    Raises:
        UnknownVersion: its `apiVersion` was never released.
    """
    while (version := document.get("apiVersion")) != API_VERSION:
        if not isinstance(version, str) or version not in upgrades:
            raise UnknownVersion(f"must be '{API_VERSION}'")
        document = upgrades[version](document)
    return document
