"""Anthropic's SDK: counts of tokens."""

from typing import Any

import anthropic

from tests.fakes.matrix_scenario import Json, Scenario, Words

VERSION = anthropic.__version__


class Count:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        self.client: Any = anthropic.Anthropic(base_url=task["url"], api_key=task["key"], max_retries=0, timeout=20)
        self.body: Json = {"model": task["model"], **({"system": scenario.system} if scenario.system else {})}
        texts = [part.text for line in scenario.opening for part in line.parts if isinstance(part, Words)]
        self.body["messages"] = [{"role": "user", "content": "\n".join(texts)}]

    def say(self, turn: int) -> Json:
        return {"tokens": self.client.messages.count_tokens(**self.body).input_tokens}


def open(task: Json, scenario: Scenario) -> Count:
    return Count(task, scenario)
