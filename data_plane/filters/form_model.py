"""Reads from a multipart form which model is asked for, and whether it streams."""

from data_plane.errors import MethodNotAllowed
from data_plane.exchange import Exchange
from data_plane.identity.model_choice import ModelChoice
from data_plane.pipeline.filter import BodyMode, Filter


class FormModelFilter(Filter):
    """Of requests whose body is a multipart form. It goes upstream as it is, but for the model's name."""

    body_mode = BodyMode.FORM

    def __init__(self, choice: ModelChoice) -> None:
        self._choice = choice

    def on_request(self, exchange: Exchange) -> None:
        if exchange.request.method != b"POST":
            raise MethodNotAllowed("this is asked for with POST", allowed=("POST", "OPTIONS"))
        form = exchange.form
        if form is None:
            raise RuntimeError("nobody has read the form")
        form.fix()
        self._choice.choose(exchange, exchange.model_requested or form.text("model"))
        exchange.stream = (form.text("stream") or "").lower() == "true"
