"""What `isthmus up` prints."""

from control_plane.cli.welcome import Facts, render

FACTS = Facts(
    url="http://127.0.0.1:8080",
    model="demo",
    admin_url="http://127.0.0.1:8443",
    metrics_url="http://127.0.0.1:9090/metrics",
    env_file=".isthmus/env",
    is_demo=True,
    command=".venv/bin/isthmus",
    api_key="isk_secret",
    admin_token="isa_secret",
)


def test_the_python_snippet_is_a_program() -> None:
    text = render(FACTS)
    snippet = text[text.index("from openai import OpenAI") : text.index("Steer it")]
    compile(snippet, "snippet", "exec")
    assert 'base_url="http://127.0.0.1:8080/v1", api_key="isk_secret"' in snippet


def test_the_admin_token_is_in_the_file_and_not_on_the_screen() -> None:
    assert "isa_secret" not in render(FACTS) and "isa_secret" not in repr(FACTS)
    assert FACTS.environment()["ISTHMUS_ADMIN_TOKEN"] == "isa_secret"


def test_a_demo_server_is_called_one() -> None:
    assert "a demo server, not a model" in render(FACTS)
