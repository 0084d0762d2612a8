"""How OpenAI's models cut text into tokens, exactly. Source: the vocabularies of tiktoken, in Rust (bpe-openai).

A tokenizer takes 30 MB (cl100k) to 70 MB (o200k) in the process and 50 ms to load, 16 ns a byte to count, and holds
the interpreter's lock meanwhile: whoever must not stand still counts slice by slice, and lets others run in between.
"""

import re
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Protocol

SLICE_CHARACTERS = 8 * 1024  # about 0.13 ms
O200K, CL100K = "o200k_base", "cl100k_base"
# By tiktoken's table of models. Names may have a host before them (`openai/`, `openai.`), and `ft:` of tuned ones.
FAMILIES = (
    (re.compile(r"gpt-(?:5|4\.1|4\.5|4o|oss)|chatgpt-4o|codex-mini|o[134](?:-|$)"), O200K),
    (re.compile(r"gpt-4|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada-002"), CL100K),
)
HOST = re.compile(r"(?:.*/)?(?:ft:)?(?:openai[./])?")
PACKAGE = "bpe_openai"


class Tokenizer(Protocol):
    """Of one vocabulary."""

    def count(self, text: str) -> int:
        """How many tokens the text has. Words that look like control tokens are text."""


_loaded: dict[str, Tokenizer] = {}


def encoding_of(model: str) -> str | None:
    """The vocabulary of a model; None: it is none of OpenAI's, as far as the name tells."""
    host = HOST.match(model)
    name = model[host.end() :] if host is not None else model
    for pattern, encoding in FAMILIES:
        if pattern.match(name) is not None:
            return encoding
    return None


def is_loaded(encoding: str) -> bool:
    """Whether `load` returns at once."""
    return encoding in _loaded


def load(encoding: str) -> Tokenizer:
    """The tokenizer of a vocabulary, once in a process."""
    tokenizer = _loaded.get(encoding)
    if tokenizer is None:
        tokenizer = _loaded[encoding] = bindings_of(PACKAGE).tokenizer_for_encoding(encoding)
    return tokenizer


def count(tokenizer: Tokenizer, text: str) -> int:
    """How many tokens a text has; half of a surrogate pair counts as the sign for what cannot be read."""
    try:
        return tokenizer.count(text)
    except UnicodeEncodeError:
        return tokenizer.count(text.encode(errors="replace").decode())


def slices(text: str) -> Iterator[str]:
    """Pieces that have as many tokens as the whole: no token begins before a space and ends behind it.

    Where a text has no space for long, as some scripts have none, a cut may add one token.
    """
    start, end = 0, len(text)
    while end - start > SLICE_CHARACTERS:
        at = _boundary(text, start, start + SLICE_CHARACTERS)
        yield text[start:at]
        start = at
    yield text[start:]


def _boundary(text: str, low: int, high: int) -> int:
    """The last space in between that follows something else than white space."""
    at = text.rfind(" ", low + 1, high)
    while at > 0:
        if not text[at - 1].isspace():
            return at
        at = text.rfind(" ", low + 1, at)
    return high


def bindings_of(package: str) -> ModuleType:
    """Only what counts: the package itself would read all of its vocabularies into dicts, which takes 70 MB more.

    Raises:
        ImportError: the package is not there, or has no such module.
    """
    found = find_spec(package)
    folders = found.submodule_search_locations if found is not None else None
    spec = PathFinder.find_spec(f"{package}._bindings", folders)
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} is not installed")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
