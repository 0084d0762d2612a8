"""Secrets of one namespace, through the Kubernetes API, as the pod's service account.

Source: kubernetes.io, "Accessing the Kubernetes API from a Pod".
"""

import json
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CALL_SECONDS = 20.0
MAX_ANSWER_BYTES = 4 << 20

Json = dict[str, Any]


class KubernetesError(Exception):
    """Kubernetes refused, or did not answer. `status` 0: no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KubernetesSecrets:
    """Reads, creates and replaces; never deletes, never lists."""

    def __init__(self, address: str, namespace: str, account: Path = ACCOUNT) -> None:
        self._collection = f"{address}/api/v1/namespaces/{namespace}/secrets"
        self._account = account
        self._tls = ssl.create_default_context(cafile=str(account / "ca.crt"))

    def find(self, name: str) -> Json | None:
        """The Secret, None if there is none.

        Raises:
            KubernetesError: there is no answer, or another refusal.
        """
        try:
            return self._call("GET", f"{self._collection}/{name}", None)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def create(self, secret: Json) -> bool:
        """Create it; False: there is one of this name already, which stays as it is.

        Raises:
            KubernetesError: there is no answer, or another refusal.
        """
        try:
            self._call("POST", self._collection, secret)
        except KubernetesError as error:
            if error.status == 409:
                return False
            raise
        return True

    def replace(self, secret: Json) -> None:
        """Write it over the one that was read.

        Raises:
            KubernetesError: it was changed since, there is no answer, or another refusal.
        """
        self._call("PUT", f"{self._collection}/{secret['metadata']['name']}", secret)

    def _call(self, method: str, url: str, body: Json | None) -> Json:
        headers = {
            "Authorization": f"Bearer {(self._account / 'token').read_text().strip()}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=self._tls) as answer:
                read: Json = json.loads(answer.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise KubernetesError(error.code, f"{method} {url}: {error.code} {error.reason}") from None
        except (OSError, ValueError) as error:
            raise KubernetesError(0, f"{method} {url}: {error}") from error
        return read


def kubernetes_address() -> str:
    """Where Kubernetes says that its API is."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"
