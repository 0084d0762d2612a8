"""SDKs of OpenAI and Google: embeddings. A caller sees `vectors`, and the `tokens` that were used."""

from importlib.metadata import version
from typing import Any

from tests.fakes.matrix_scenario import Json, Scenario, Words

VERSION = version("openai")


class Embeddings:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        self.task = task
        self.scenario = scenario
        self.texts = [part.text for line in scenario.opening for part in line.parts if isinstance(part, Words)]

    def say(self, turn: int) -> Json:
        import openai

        url, key = self.task["url"] + "/v1", self.task["key"]
        client: Any = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=20)
        given: Json = dict(self.scenario.options.extra)
        answer = client.embeddings.create(model=self.task["model"], input=self.texts, **given)
        data = sorted(answer.data, key=lambda each: each.index)
        return {"vectors": [list(each.embedding) for each in data], "tokens": answer.usage.prompt_tokens}


def open(task: Json, scenario: Scenario) -> Embeddings:
    return Embeddings(task, scenario)
