"""PRIVATE to the collection: the places at which a service can be asked, and one request to one of them."""

from __future__ import annotations

import ipaddress
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Union
from urllib.parse import urlencode, urlsplit, urlunsplit

from ._failure import Failure
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import SERVICE
from ._network import Answer, Dropped, Network, Unreachable

# The discard port, on which nothing of ours listens.
NOWHERE = 9
# What a load balancer answers that does not know its routes or its backends yet.
NOT_THERE_YET = (404, 502, 503, 504)


@dataclass(frozen=True)
class Reply:
    """What came back. Without an answer `status` is 0 and `problem` says why; header names in lower case.

    `early` is whether the one who should answer may just not be there yet.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    problem: str = ""
    early: bool = False

    @classmethod
    def of(cls, ask: Callable[[], Answer]) -> Reply:
        """What `ask` gets, or why it gets nothing."""
        try:
            answer = ask()
        except (Unreachable, Dropped) as problem:
            return cls(0, {}, problem=f"no answer: {problem}", early=True)
        except Failure as problem:
            return cls(0, {}, problem=f"no answer: {problem}")
        return cls(answer.status, answer.headers, answer.body, early=answer.status in NOT_THERE_YET)

    @property
    def document(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self) -> str:
        return self.problem or f"status {self.status}"


@dataclass(frozen=True)
class Question:
    """One request, as a check's data describes it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Address:
    """A place with a URL of its own, reached as any client outside reaches it."""

    url: str
    network: Network

    def ask(self, question: Question) -> Reply:
        return Reply.of(
            lambda: self.network.send(question.method, self.url + question.path, question.headers, question.body)
        )

    def elsewhere(self) -> Address:
        """A place like this one at which nobody is: a name that does not exist, or a port that nobody has."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
        if _is_address(host):
            return replace(self, url=urlunsplit((parts.scheme, f"{host}:{NOWHERE}", parts.path, "", "")))
        absent = f"absent-{uuid.uuid4().hex[:8]}.{host}{port}"
        return replace(self, url=urlunsplit((parts.scheme, absent, parts.path, "", "")))

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class InCluster:
    """A Service by its name in a namespace, asked through the API server, which stands inside."""

    client: KubernetesClient
    namespace: str
    name: str
    port: int

    def ask(self, question: Question) -> Reply:
        path = f"{SERVICE.path(self.namespace, f'{self.name}:{self.port}')}/proxy{question.path}"
        return Reply.of(lambda: self.client.raw(question.method, path, question.headers, question.body))

    def elsewhere(self) -> InCluster:
        """A Service that does not exist."""
        return replace(self, name=f"absent-{uuid.uuid4().hex[:8]}")

    def __str__(self) -> str:
        return f"{self.name}.{self.namespace}:{self.port}"


Place = Union[Address, InCluster]  # noqa: UP007 - ansible-test takes | for an operation


def question(given: Mapping[str, Any], kept: Mapping[str, str]) -> Question:
    """The request of a check or step; `{name}` in its texts stands for what was kept under that name."""
    headers = {name: filled(value, kept) for name, value in (given.get("headers") or {}).items()}
    body = None
    if given.get("json") is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(filled(given["json"], kept)).encode()
    elif given.get("file"):
        body, headers["Content-Type"] = form(filled(given["file"], kept))
    elif given.get("form"):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(filled(given["form"], kept)).encode()
    return Question(str(given.get("method") or "GET"), filled(given["path"], kept), headers, body)


def form(file: Mapping[str, str]) -> tuple[bytes, str]:
    """One file as multipart/form-data, and the media type with its boundary."""
    boundary = uuid.uuid4().hex
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{file["field"]}"; filename="{file["name"]}"\r\n'
        f"Content-Type: {file['type']}\r\n\r\n"
    )
    return f"{head}{file['text']}\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def filled(value: Any, kept: Mapping[str, str]) -> Any:
    """`value` with every `{name}` of `kept` put in; other braces stay."""
    if isinstance(value, Mapping):
        return {key: filled(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    if isinstance(value, str):
        for name, text in kept.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
