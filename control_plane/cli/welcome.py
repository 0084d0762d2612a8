"""What `isthmus up` prints when all is running: where things are, and what to paste."""

from dataclasses import dataclass, field
from string import Template


@dataclass(frozen=True, slots=True)
class Facts:
    """What a user needs to call the gateway and to steer it."""

    url: str
    model: str
    admin_url: str
    metrics_url: str
    env_file: str
    is_demo: bool
    command: str  # how `isthmus` is called from here
    api_key: str = field(repr=False)
    admin_token: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """The variables of the file to source."""
        return {
            "ISTHMUS_URL": self.url,
            "ISTHMUS_API_KEY": self.api_key,
            "ISTHMUS_MODEL": self.model,
            "ISTHMUS_ADMIN_URL": self.admin_url,
            "ISTHMUS_ADMIN_TOKEN": self.admin_token,
        }


TEXT = Template(
    """
Isthmus is running.

  gateway    $url
  API key    $api_key
  model      $model$demo
  REST API   $admin_url  (explorer: $admin_url/docs, token in ISTHMUS_ADMIN_TOKEN)
  metrics    $metrics_url
  variables  . $env_file

Call it:

  curl $url/v1/chat/completions \\
    -H "Authorization: Bearer $api_key" -H "Content-Type: application/json" \\
    -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'

With the OpenAI SDK (pip install openai):

from openai import OpenAI

client = OpenAI(base_url="$url/v1", api_key="$api_key")
answer = client.chat.completions.create(
    model="$model", messages=[{"role": "user", "content": "Hello"}]
)
print(answer.choices[0].message.content)
for chunk in client.chat.completions.create(
    model="$model", messages=[{"role": "user", "content": "Hello"}], stream=True
):
    print(chunk.choices[0].delta.content or "" if chunk.choices else "", end="", flush=True)
print()

Steer it, in another terminal:

  . $env_file
  $command get models
  $command status

Ctrl-C stops everything.
"""
)


def render(facts: Facts) -> str:
    """The text to print."""
    return TEXT.substitute(
        url=facts.url,
        api_key=facts.api_key,
        model=facts.model or "(none yet: apply a Model)",
        demo="  (a demo server, not a model: set OPENAI_API_KEY or another provider's key)" if facts.is_demo else "",
        admin_url=facts.admin_url,
        metrics_url=facts.metrics_url,
        env_file=facts.env_file,
        command=facts.command,
    )
