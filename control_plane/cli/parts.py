"""Splits many documents into requests and files of a size that is taken at once."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
PART_BYTES = 1024 * 1024  # of JSON; 4 MiB are taken, and YAML is longer


def parts(documents: Iterable[Json], *, size: int) -> Iterator[list[Json]]:
    """Lists of at most `size` documents, in order. A document larger than a part is one by itself."""
    part: list[Json] = []
    part_bytes = 0
    for document in documents:
        document_bytes = len(json.dumps(document))
        if part and (len(part) == size or part_bytes + document_bytes > PART_BYTES):
            yield part
            part, part_bytes = [], 0
        part.append(document)
        part_bytes += document_bytes
    if part:
        yield part
