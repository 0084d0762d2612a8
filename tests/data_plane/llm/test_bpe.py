"""Which vocabulary a model has, and that pieces have as many tokens as the whole."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import mark, raises

from data_plane.llm import bpe

# Words, white space and signs that the vocabularies' patterns treat each in their own way.
PIECES = (
    "the ",
    "Fox's",
    " ",
    "  ",
    "\n",
    " \n ",
    "\t",
    "1234567",
    "déjà",
    "...",
    "/",
    "\r\n",
    "狐",
    "\u00a0",
    "I'LL ",
)


@mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-5-mini", "o200k_base"),
        ("gpt-4o-2024-11-20", "o200k_base"),
        ("gpt-4.1-nano", "o200k_base"),
        ("o1", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("openai/gpt-oss-120b", "o200k_base"),
        ("openai.gpt-oss-120b-1:0", "o200k_base"),
        ("ft:gpt-4o-mini:org", "o200k_base"),
        ("azure/openai/gpt-4o", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("claude-opus-4-5", None),
        ("o3x", None),
        ("ollama3", None),
        ("my-gpt-4o", None),
        ("", None),
    ],
)
def test_a_model_s_name_tells_its_vocabulary(model: str, encoding: str | None) -> None:
    assert bpe.encoding_of(model) == encoding


@mark.parametrize("encoding", [bpe.O200K, bpe.CL100K])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=40), st.integers(250, 500))
def test_slices_have_as_many_tokens_as_the_whole(encoding: str, pieces: list[str], times: int) -> None:
    tokenizer = bpe.load(encoding)
    text = "".join([*pieces, "word "] * times)

    parts = list(bpe.slices(text))

    assert "".join(parts) == text
    assert max(map(len, parts)) <= bpe.SLICE_CHARACTERS
    assert sum(tokenizer.count(part) for part in parts) == tokenizer.count(text)


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    text = "狐" * 20_000
    tokenizer = bpe.load(bpe.O200K)

    parts = list(bpe.slices(text))

    assert "".join(parts) == text
    assert 0 <= sum(map(tokenizer.count, parts)) - tokenizer.count(text) <= len(parts)


@mark.parametrize(("text", "parts"), [("", [""]), ("short", ["short"])])
def test_a_short_text_is_one_slice(text: str, parts: list[str]) -> None:
    assert list(bpe.slices(text)) == parts


def test_words_of_control_and_broken_characters_are_text() -> None:
    tokenizer = bpe.load(bpe.O200K)

    assert bpe.count(tokenizer, "<|endoftext|>") == 7
    assert bpe.count(tokenizer, "a\ud800b") == bpe.count(tokenizer, "a?b")


def test_a_vocabulary_is_loaded_once() -> None:
    assert bpe.load(bpe.O200K) is bpe.load(bpe.O200K)
    assert bpe.is_loaded(bpe.O200K)


@mark.parametrize("package", ["json", "no_such_package"])
def test_what_is_not_installed_is_said(package: str) -> None:
    with raises(ImportError, match=f"{package} is not installed"):
        bpe.bindings_of(package)
