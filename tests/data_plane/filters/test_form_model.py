"""Which model a form asks for."""

from pytest import mark, param

from data_plane.codecs.form import form_of
from tests.fakes.gateway import Answer, Gateway, basic, model, request

PATH = "/v1/audio/transcriptions"
FORM = "multipart/form-data; boundary=b"


def field(name: str, value: str, extra: str = "") -> str:
    return f'--b\r\ncontent-disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'


def ask(gateway: Gateway, body: str, path: str = PATH, method: str = "POST") -> Answer:
    """What a run does: it reads the form before the filters that want it."""
    return gateway.ask(request(method, path, (body + "--b--\r\n").encode(), content_type=FORM))


FILE = field("file", "RIFF", '; filename="a.wav"')


@mark.parametrize(
    "body, code",
    [
        param(field("model", "gpt") + FILE, "", id="by name"),
        param(FILE + field("model", "alias"), "", id="by alias, behind the file"),
        param(field("model", "nobody") + FILE, "model_not_found", id="unknown"),
        param(field("model", "") + FILE, "bad_request", id="empty"),
        param(FILE, "bad_request", id="missing"),
    ],
)
def test_the_form_names_the_model(body: str, code: str) -> None:
    gateway = Gateway(basic() | dict([model("gpt", aliases=["alias"])]))

    assert ask(gateway, body).code == code


@mark.parametrize("value, streams", [("true", True), ("True", True), ("false", False), ("", False)])
def test_the_form_says_whether_it_streams(value: str, streams: bool) -> None:
    answer = ask(Gateway(basic()), field("model", "gpt") + field("stream", value) + FILE)

    assert answer.exchange.stream is streams
    assert answer.exchange.meter is not None


def test_a_deployment_s_path_names_the_model() -> None:
    answer = ask(Gateway(basic()), FILE, "/openai/deployments/gpt/audio/transcriptions?api-version=1")

    assert (answer.code, answer.exchange.model) == ("", "gpt")
    assert answer.exchange.form is not None
    assert answer.exchange.form.reworded(b"", "w") == field("model", "w").encode()


def test_another_method_is_refused() -> None:
    assert ask(Gateway(basic()), FILE, method="PUT").code == "method_not_allowed"


@mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/variations"])
def test_json_is_refused_where_the_api_has_none(path: str) -> None:
    body = b'{"model": "gpt"}'

    assert Gateway(basic()).ask(request("POST", path, body)).code == "unsupported_content"


def test_image_edits_may_be_json() -> None:
    assert Gateway(basic()).ask(request("POST", "/v1/images/edits", b'{"model": "gpt"}')).code == ""


@mark.parametrize("form", [FILE + field("model", "gpt"), field("model", "gpt") + FILE, FILE])
def test_the_body_goes_on_with_the_target_s_name(form: str) -> None:
    body = (form + "--b--").encode()
    read = form_of({b"content-type": FORM.encode()}, ("openai", "transcriptions"), "")
    read.feed(body, True)

    reworded = read.reworded(body, "whisper-1")

    assert len(reworded) == len(body) + read.growth
    again = form_of({b"content-type": FORM.encode()}, ("openai", "transcriptions"), "")
    again.feed(reworded, True)
    assert again.text("model") == "whisper-1" and again.is_whole
    assert b"RIFF" in reworded and reworded.count(b"gpt") == 0
