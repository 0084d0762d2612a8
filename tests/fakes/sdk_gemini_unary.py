"""Google's SDK: embeddings and counts of tokens."""

from typing import Any

from google import genai
from google.genai import types

from tests.fakes.matrix_scenario import Json, Scenario, Words

VERSION = genai.__version__


class Unary:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        http = types.HttpOptions(base_url=task["url"], timeout=20_000)
        self.client = genai.Client(api_key=task["key"], vertexai=False, http_options=http)
        self.model = task["model"]
        self.scenario = scenario
        self.texts: Any = [part.text for line in scenario.opening for part in line.parts if isinstance(part, Words)]

    def say(self, turn: int) -> Json:
        if self.scenario.family == "count":
            answer = self.client.models.count_tokens(model=self.model, contents=self.texts)
            return {"tokens": answer.total_tokens}
        size = self.scenario.options.extra.get("dimensions")
        config = types.EmbedContentConfig(output_dimensionality=size)
        embedded = self.client.models.embed_content(model=self.model, contents=self.texts, config=config)
        return {"vectors": [each.values for each in embedded.embeddings or ()]}


def open(task: Json, scenario: Scenario) -> Unary:
    return Unary(task, scenario)
