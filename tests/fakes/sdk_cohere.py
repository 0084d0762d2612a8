"""Cohere's SDK: ranks."""

from importlib.metadata import version
from typing import Any

import cohere

from tests.fakes.matrix_scenario import Json, Scenario, Words

VERSION = version("cohere")


class Rank:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        self.client: Any = cohere.ClientV2(api_key=task["key"], base_url=task["url"], timeout=20, max_retries=0)
        self.query, *self.documents = [
            part.text for line in scenario.opening for part in line.parts if isinstance(part, Words)
        ]
        self.given: Json = {"model": task["model"], **scenario.options.extra}

    def say(self, turn: int) -> Json:
        answer = self.client.v2.rerank(query=self.query, documents=self.documents, **self.given)
        return {"ranks": [[each.index, each.relevance_score] for each in answer.results]}


def open(task: Json, scenario: Scenario) -> Rank:
    return Rank(task, scenario)
