"""Values that the environment has, and Secrets."""

from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.values import FILL_IN, SecretPart, Values


def values(declared: dict[str, str] | None = None, environment: dict[str, str] | None = None) -> Values:
    return Values(declared or {}, environment or {}, [])


def weights(findings: list[Finding]) -> list[str]:
    return [each.weight for each in findings]


def test_what_is_written_out_is_taken_and_what_is_known_is_looked_up() -> None:
    known = values({"A": "declared"}, {"A": "from outside", "B": "outside"})
    found = [known.plain(each, "path") for each in ("text", "os.environ/A", "os.environ/B", None)]
    assert found == ["text", "declared", "outside", None]
    assert known.findings == []
    assert known.used == {"A", "B"}


def test_what_only_the_environment_knows_is_to_be_filled_in() -> None:
    known = values()
    assert known.plain("os.environ/BASE", "path") == f"{FILL_IN}: BASE"
    assert weights(known.findings) == ["ToDo"]


def test_a_secret_is_named_by_its_variable_and_shared() -> None:
    known = values()
    parts = [known.part("os.environ/OPENAI_API_KEY", "path") for _ in range(2)]
    assert [known.secret(part, "openai") for part in parts] == ["openai-api-key"] * 2
    assert known.secrets == {"openai-api-key": {"value": SecretPart(None, "OPENAI_API_KEY")}}
    assert set(weights(known.findings)) == {"ToDo"}


def test_secrets_in_plain_text_are_kept_apart_and_told_of() -> None:
    known = values({"DECLARED": "x"})
    names = [known.secret(known.part(each, "path"), "openai") for each in ("one", "two", "one", "os.environ/DECLARED")]
    assert names == ["openai-key", "openai-key-2", "openai-key", "declared"]
    assert weights(known.findings) == ["ToDo"] * 4
    assert "one" not in repr(known.secrets) + repr(known.findings)


def test_a_plain_name_does_not_take_over_that_of_a_variable() -> None:
    known = values()
    texts = ("literal", "os.environ/openai-key", "os.environ/OPENAI_KEY", "another")
    names = [known.secret(known.part(each, "path"), "openai") for each in texts]
    assert len(set(names)) == len(known.secrets) == 4


def test_several_values_of_one_secret_stay_together() -> None:
    known = values()
    parts = {"a": SecretPart("1", "X"), "b": SecretPart("2", "Y")}
    assert [known.bundle(parts, "aws"), known.bundle(dict(parts), "aws")] == ["aws", "aws"]
    assert known.bundle({"a": SecretPart("3")}, "aws") == "aws-2"


def test_a_value_too_long_for_a_secret_is_left_out() -> None:
    known = values()
    assert known.part("x" * 70_000, "path").value is None
    assert "NotMapped" in weights(known.findings)
