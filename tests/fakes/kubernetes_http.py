"""The HTTP side of the Kubernetes API: paths, discovery, watches. Source: kubernetes.io, "Kubernetes API concepts"."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.fakes.kubernetes_access import account_of, require
from tests.fakes.kubernetes_api import CLUSTER_WIDE, KINDS, PLURALS, Key, KubernetesApi, Refused, plural
from tests.fakes.kubernetes_wire import MAGIC, decode

Json = dict[str, Any]

SHORT_NAMES = {
    **{"ConfigMap": ["cm"], "Deployment": ["deploy"], "HorizontalPodAutoscaler": ["hpa"], "Namespace": ["ns"]},
    **{"Pod": ["po"], "PodDisruptionBudget": ["pdb"], "Service": ["svc"], "StatefulSet": ["sts"]},
}
IN_ALL = {"Deployment", "HorizontalPodAutoscaler", "Job", "Pod", "ReplicaSet", "Service", "StatefulSet"}
WATCH_SECONDS = 300.0
VERSION = {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}


@contextmanager
def serve(api: KubernetesApi, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Answer on loopback; gives the address. With TLS service accounts are let in, to what they may do."""

    class Handler(_Handler):
        kubernetes = api
        for_accounts = tls is not None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        with api.changed:
            api.closed = True
            api.changed.notify_all()
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(address: str, namespace: str = "default") -> str:
    """The text of a configuration file for helm and kubectl."""
    context = {"cluster": "fake", "user": "fake", "namespace": namespace}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "contexts": [{"name": "fake", "context": context}],
        "clusters": [{"name": "fake", "cluster": {"server": address}}],
        "users": [{"name": "fake", "user": {"token": "any"}}],
    }
    return yaml.safe_dump(document)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kubernetes: KubernetesApi
    for_accounts: bool

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Tests look at `asked`."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        self.kubernetes.asked.append(f"{self.command} {url.path}")
        try:
            self._route(url.path, {name: values[0] for name, values in parse_qs(url.query).items()}, body)
        except Refused as refused:
            self._send(refused.code, refused.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _route(self, path: str, query: dict[str, str], body: bytes) -> None:
        if (fixed := _discovery(path)) is not None:
            return self._send(200, fixed)
        version, namespace, resource, name, below = _split(path)
        if (version, resource) not in {(v, p) for p, (v, _) in PLURALS.items()}:
            raise Refused(404, "NotFound", f"the server could not find {path}")
        if below == "log":
            return self._respond(200, "text/plain", self.kubernetes.logs[name].read_bytes())
        sent = _parse(body) if self.command not in ("GET", "DELETE") else {}
        key = Key(PLURALS[resource][1], namespace, name)
        if self.for_accounts:
            account = account_of(self.headers.get("Authorization", "").removeprefix("Bearer "))
            require(self.kubernetes, account, self.command, key)
        if self.command == "GET":
            return self._read(key, query)
        if self.command in ("POST", "PUT", "PATCH") and "dryRun" in query:
            return self._send(200, sent)
        return self._write(key, sent, query)

    def _read(self, key: Key, query: dict[str, str]) -> None:
        if key.name:
            there = self.kubernetes.find(key.kind, key.name, key.namespace)
            if there is None:
                raise Refused(404, "NotFound", f'{plural(key.kind)} "{key.name}" not found')
            return self._send(200, there)
        if query.get("watch") in ("1", "true"):
            return self._watch(key, query)
        with self.kubernetes.changed:
            items = [each for each in self.kubernetes.list(key.kind, key.namespace) if _selected(each, query)]
            revision = str(len(self.kubernetes.events))
        version = PLURALS[plural(key.kind)][0]
        head = {"kind": f"{key.kind}List", "apiVersion": version, "metadata": {"resourceVersion": revision}}
        return self._send(200, {**head, "items": items})

    def _write(self, key: Key, sent: Json, query: dict[str, str]) -> None:
        match self.command:
            case "POST":
                sent = {"apiVersion": PLURALS[plural(key.kind)][0], "kind": key.kind, **sent}
                self._send(201, self.kubernetes.create(sent, key.namespace))
            case "PUT":
                self._send(200, self.kubernetes.replace(key, sent))
            case "PATCH":
                kind, manager = self.headers.get("Content-Type", ""), query.get("fieldManager", "")
                changed, new = self.kubernetes.patch(key, sent, kind, manager)
                self._send(201 if new else 200, changed)
            case "DELETE":
                self._send(200, self.kubernetes.delete(key))

    def _watch(self, key: Key, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        deadline = time.monotonic() + min(WATCH_SECONDS, float(query.get("timeoutSeconds", WATCH_SECONDS)))
        seen = int(query.get("resourceVersion") or 0)
        if seen == 0 or query.get("sendInitialEvents") == "true":
            seen = self._watch_from_the_start(key, query)
        while time.monotonic() < deadline and not self.kubernetes.closed:
            with self.kubernetes.changed:
                if len(self.kubernetes.events) == seen:
                    self.kubernetes.changed.wait(0.5)
                fresh = self.kubernetes.events[seen:]
                seen += len(fresh)
            for event in fresh:
                wanted = event.key.kind == key.kind and key.namespace in ("", event.key.namespace)
                if wanted and _selected(event.object, query):
                    self._chunk({"type": event.type, "object": event.object})
        self.wfile.write(b"0\r\n\r\n")

    def _watch_from_the_start(self, key: Key, query: dict[str, str]) -> int:
        """Tell what is there; gives the revision from which changes are told."""
        with self.kubernetes.changed:
            seen = len(self.kubernetes.events)
            there = self.kubernetes.list(key.kind, key.namespace)
        for each in there:
            if _selected(each, query):
                self._chunk({"type": "ADDED", "object": each})
        if query.get("sendInitialEvents") == "true":
            metadata = {"resourceVersion": str(seen), "annotations": {"k8s.io/initial-events-end": "true"}}
            kind = {"kind": key.kind, "apiVersion": PLURALS[plural(key.kind)][0]}
            self._chunk({"type": "BOOKMARK", "object": {**kind, "metadata": metadata}})
        return seen

    def _chunk(self, document: Json) -> None:
        line = json.dumps(document).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def _send(self, status: int, document: Json) -> None:
        self._respond(status, "application/json", json.dumps(document).encode())

    def _respond(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _parse(body: bytes) -> Json:
    if body[:4] == MAGIC:
        return decode(body)
    document: Json = json.loads(body) if body[:1] == b"{" else yaml.safe_load(body)
    return document


def _split(path: str) -> tuple[str, str, str, str, str]:
    """Version, namespace, resource, name and what is below it, each empty if it is not there."""
    parts = [each for each in path.split("/") if each]
    if parts[:1] == ["api"]:
        version, parts = "v1", parts[2:]
    else:
        version, parts = "/".join(parts[1:3]), parts[3:]
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    resource, name, below = (*parts, "", "", "")[:3]
    return version, namespace, resource, name, below


def _discovery(path: str) -> Json | None:
    match path:
        case "/version":
            return VERSION
        case "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        case "/apis":
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(each) for each in KINDS if "/" in each],
            }
        case "/openapi/v3":
            roots = {_root(each)[1:]: {"serverRelativeURL": f"/openapi/v3{_root(each)}"} for each in KINDS}
            return {"paths": roots}
    if path.startswith("/openapi/v3/"):
        return _openapi(path.removeprefix("/openapi/v3/apis/").removeprefix("/openapi/v3/api/"))
    version = path.removeprefix("/apis/").removeprefix("/api/")
    return _resource_list(version) if version in KINDS else None


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _openapi(version: str) -> Json:
    """Only what helm looks for: that the server itself refuses unknown fields, so that helm need not."""
    group, _, number = version.rpartition("/")
    parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    paths = {}
    for kind in KINDS.get(version, []):
        operation = {
            "x-kubernetes-group-version-kind": {"group": group, "version": number, "kind": kind},
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
        }
        paths[f"{_root(version)}/namespaces/{{namespace}}/{plural(kind)}/{{name}}"] = {"patch": operation}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.33.0"}, "paths": paths}


def _group(version: str) -> Json:
    name, _, number = version.partition("/")
    one = {"groupVersion": version, "version": number}
    return {"name": name, "versions": [one], "preferredVersion": one}


def _resource_list(version: str) -> Json:
    resources = [
        {
            "name": plural(kind),
            "singularName": kind.lower(),
            "kind": kind,
            "namespaced": kind not in CLUSTER_WIDE,
            "shortNames": SHORT_NAMES.get(kind, []),
            "categories": ["all"] if kind in IN_ALL else [],
            "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        }
        for kind in KINDS[version]
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def _selected(document: Json, query: dict[str, str]) -> bool:
    """Equality of labels, and of the name: all that helm and kubectl ask."""
    labels = document["metadata"].get("labels", {})
    for term in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = term.replace("==", "=").partition("=")
        if name.endswith("!"):
            if labels.get(name[:-1]) == value:
                return False
        elif labels.get(name) != value:
            return False
    name = query.get("fieldSelector", "").partition("metadata.name=")[2].partition(",")[0]
    return not name or document["metadata"]["name"] == name
