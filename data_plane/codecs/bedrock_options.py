"""What a request to Bedrock's Converse says beside the conversation, while it is put together."""

Json = dict[str, object]


class BedrockOptions:
    """Each is left out where it stays empty."""

    __slots__ = ("limits", "output", "fields")

    def __init__(self) -> None:
        self.limits: Json = {}  # `inferenceConfig`
        self.output: Json = {}  # `outputConfig`
        self.fields: Json = {}  # `additionalModelRequestFields`: the model's own

    def add_to(self, body: Json) -> None:
        """As the body names them."""
        named = {
            "inferenceConfig": self.limits,
            "outputConfig": self.output,
            "additionalModelRequestFields": self.fields,
        }
        body.update({name: value for name, value in named.items() if value})
