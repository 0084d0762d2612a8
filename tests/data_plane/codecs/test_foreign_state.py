"""State of one API inside a field of another."""

from pytest import mark

from data_plane.codecs.foreign_state import PREFIX, seal_call, seal_thought, unseal_call, unseal_thought
from data_plane.llm.content import Thought


def test_a_thought_comes_back_as_it_was() -> None:
    thought = Thought("Hm", "gemini", "signature+/=", "sealed\n", "id", True)
    assert unseal_thought(seal_thought(thought), "Hm") == thought


def test_a_call_comes_back_as_it_was() -> None:
    assert unseal_call(seal_call("call_1", "signature+/=")) == ("call_1", "signature+/=")


def test_neither_is_taken_for_the_other() -> None:
    assert unseal_thought(seal_call("call_1", "s")) is None
    assert unseal_call(seal_thought(Thought("Hm", "gemini", "s"))) is None


@mark.parametrize("sealed", ["", "EqQB+/==", *(PREFIX + rest for rest in ("", "A", "e30=", "WzFd", "ü", "_w=="))])
def test_what_is_no_state_is_none(sealed: str) -> None:
    assert unseal_thought(sealed) is None
    assert unseal_call(sealed) is None
