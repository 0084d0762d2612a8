"""Ratios are learned, bounded, and never make a text weigh nothing."""

from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, mark, param

from data_plane.llm.token_ratio import MAX_MODELS, MAX_RATIO, MIN_RATIO, TokenRatios, default_of

SIZES = st.integers(-5, 10**12)


@mark.parametrize("model", ["claude-x", "gpt-5", "gemini-2.5-pro", "Llama-3", "who-knows", ""])
def test_before_anything_is_learned_a_text_has_a_token_for_three_or_four_bytes(model: str) -> None:
    ratios = TokenRatios()

    assert ratios.estimate_input(model, 1200) in range(300, 400)
    assert ratios.estimate_output(model, 1200) == round(1200 * default_of(model).output)


def test_what_providers_count_is_learned_for_input_and_output_apart() -> None:
    ratios = TokenRatios()
    for _ in range(200):
        ratios.settle_input("m", 1000, 500)
        ratios.settle_output("m", 1000, 200)

    assert ratios.estimate_input("m", 10_000) == approx(5000, rel=0.01)
    assert ratios.estimate_output("m", 10_000) == approx(2000, rel=0.01)
    assert ratios.estimate_input("other", 10_000) == 2800


def test_one_answer_moves_a_ratio_by_a_sixteenth() -> None:
    ratios = TokenRatios()

    ratios.settle_output("gpt-x", 1600, 800)

    assert ratios.estimate_output("gpt-x", 16_000) == 16_000 * (0.25 + (0.5 - 0.25) / 16)


@mark.parametrize(
    ("text_bytes", "tokens"),
    [
        param(63, 20, id="too short"),
        param(0, 5, id="no text"),
        param(-100, -50, id="negative"),
        param(1000, 0, id="nothing counted"),
        param(1000, 62, id="a picture written as text"),
        param(1000, 1001, id="a picture behind a link"),
        param(1000, -1, id="negative count"),
    ],
)
def test_what_cannot_be_text_alone_teaches_nothing(text_bytes: int, tokens: int) -> None:
    ratios = TokenRatios()

    ratios.settle_input("m", text_bytes, tokens)
    ratios.settle_output("m", text_bytes, tokens)

    assert ratios.estimate_input("m", 1000) == ratios.estimate_output("m", 1000) == 280


@given(st.lists(st.tuples(SIZES, SIZES), max_size=50), st.integers(1, 10**9))
def test_whatever_is_settled_a_text_has_tokens_within_bounds(samples: list[tuple[int, int]], size: int) -> None:
    ratios = TokenRatios()
    for text_bytes, tokens in samples:
        ratios.settle_input("m", text_bytes, tokens)
        ratios.settle_output("m", text_bytes, tokens)

    for estimated in (ratios.estimate_input("m", size), ratios.estimate_output("m", size)):
        assert max(1, int(size * MIN_RATIO)) <= estimated <= max(1, round(size * MAX_RATIO))


def test_no_text_has_no_tokens() -> None:
    assert TokenRatios().estimate_input("m", 0) == TokenRatios().estimate_output("m", -3) == 0


def test_only_so_many_models_are_known_and_the_first_goes_first() -> None:
    ratios = TokenRatios()
    for number in range(MAX_MODELS + 1):
        ratios.settle_input(f"m{number}", 1000, 1000)

    assert ratios.estimate_input("m0", 1000) == 280
    assert ratios.estimate_input("m1", 1000) > 280


def test_to_settle_takes_less_than_a_microsecond() -> None:
    ratios = TokenRatios()

    def seconds(rounds: int) -> float:
        start = perf_counter()
        for _ in range(rounds):
            ratios.settle_output("gpt-5", 1000, 250)
        return (perf_counter() - start) / rounds

    assert min(seconds(2000) for _ in range(20)) < 3 * 0.3e-6
