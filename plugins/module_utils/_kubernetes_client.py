"""PRIVATE to the collection: calls to the API of one cluster that survive what should be tried again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlencode

from ._failure import Failure
from ._kubernetes_access import Access, access_from
from ._kubernetes_kinds import KINDS, Kind
from ._network import Answer, Dropped, Unreachable
from ._progress import report
from ._retry import UNREACHABLE_TIMEOUT, Patience, retry_after
from ._wait import REAL_CLOCK, Clock

USER_AGENT = "presidential-digs-platform"
FIELD_MANAGER = "presidential-digs"

# Calls side by side: enough that a set of a dozen objects takes as long as two of them.
SIDE_BY_SIDE = 6

# What the API server or what stands before it answers when it is busy, starting or losing its store.
PASSING = frozenset({429, 500, 502, 503, 504})

Given = TypeVar("Given")
Made = TypeVar("Made")

_HINTS: Mapping[str, str] = {
    "Unauthorized": "The cluster does not know this identity: mint a token with the credential module.",
    "Forbidden": "Give this identity roles/container.developer on the project, or a RoleBinding in the namespace.",
    "Invalid": "Mend the field that the message names.",
    "BadRequest": "Mend the field that the message names.",
    "NotFound": "Apply what it refers to first; a namespace can be part of the same set.",
}


class KubernetesClient:
    """Calls to one cluster as one identity. Every verb raises `Failure` with the reason of the API's Status."""

    def __init__(self, access: Access, retry_timeout: float, clock: Clock = REAL_CLOCK) -> None:
        self.access = access
        self.retry_timeout = retry_timeout
        self.clock = clock
        self._discovered: dict[tuple[str, str], Kind] = {}

    @classmethod
    def from_params(cls, params: Mapping[str, Any], clock: Clock = REAL_CLOCK) -> KubernetesClient:
        """The client for a module's parameters."""
        return cls(access_from(params), float(params.get("retry_timeout") or 0), clock)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET; a mapping."""
        return self._document("GET", path, query)

    def find(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """GET, None when there is none."""
        try:
            return self.get(path, query)
        except Failure as failure:
            if failure.status == 404:
                return None
            raise

    def items(self, path: str, query: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Every item of a list call, over all its pages."""
        found: list[dict[str, Any]] = []
        following: str | None = None
        while True:
            page = self.get(path, {**(query or {}), "limit": 500, "continue": following})
            found += page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return found

    def apply(self, path: str, manifest: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Server-side apply as our field manager; fields that somebody else took are taken back."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "dryRun": "All" if dry_run else None}
        return self._document("PATCH", path, query, manifest, "application/apply-patch+yaml")

    def merge(self, path: str, patch: Mapping[str, Any], manager: str = FIELD_MANAGER) -> dict[str, Any]:
        """A JSON merge patch."""
        return self._document("PATCH", path, {"fieldManager": manager}, patch, "application/merge-patch+json")

    def delete(self, path: str, *, dry_run: bool = False, uid: str = "") -> dict[str, Any] | None:
        """DELETE in the background; None when it was gone already. With `uid` only that very object is deleted."""
        body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        # In the body: with one the server does not look at the query.
        if dry_run:
            body["dryRun"] = ["All"]
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            return self._document("DELETE", path, None, body)
        except Failure as failure:
            if failure.status == 404:
                return None
            raise

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One attempt at a path that answers in its own way, such as a service behind the API server's proxy."""
        return self.access.network.send(method, self.access.address + path, {**self._headers(), **headers}, body)

    def open(self, path: str, query: Mapping[str, Any], timeout: Any) -> Any:
        """The response of a GET whose body arrives bit by bit; its status was not looked at."""
        return self.access.network.request(
            "GET", self._url(path, query), headers=self._headers(), preload_content=False, timeout=timeout
        )

    def kind(self, manifest: Mapping[str, Any]) -> Kind:
        """The kind of an object; one that is not built in is looked up in the cluster."""
        named = (str(manifest.get("apiVersion")), str(manifest.get("kind")))
        known = KINDS.get(named) or self._discovered.get(named)
        if known is None:
            known = self._discovered[named] = self._discover(*named)
        return known

    def side_by_side(self, function: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
        """`function` of each, a few at a time, in the order given; an exception is raised once all have ended."""
        every = list(given)
        if len(every) < 2:
            return [function(one) for one in every]
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(every))) as pool:
            futures = [pool.submit(function, one) for one in every]
        return [future.result() for future in futures]

    def _discover(self, api_version: str, name: str) -> Kind:
        prefix = "/api" if "/" not in api_version else "/apis"
        listed = self.find(f"{prefix}/{api_version}")
        for resource in (listed or {}).get("resources") or ():
            if resource.get("kind") == name and "/" not in resource["name"]:
                return Kind(api_version, name, resource["name"], bool(resource.get("namespaced")))
        hint = "Install its CustomResourceDefinition first, or mend apiVersion and kind."
        raise Failure("UNKNOWN_KIND", f"{self.access.name} knows no {name} of {api_version}.", hint=hint)

    def _document(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        media: str = "application/json",
    ) -> dict[str, Any]:
        answer = self._answer(method, path, query, body, media)
        try:
            return dict(json.loads(answer.body))
        except ValueError as problem:
            message = f"{method} {path}: the answer is not JSON."
            raise Failure("UNEXPECTED_ANSWER", message, answer.status, request=f"{method} {path}") from problem

    def _answer(self, method: str, path: str, query: Mapping[str, Any] | None, body: Any, media: str) -> Answer:
        patience = Patience(self.clock, self.retry_timeout)
        headers = self._headers() | ({"Content-Type": media} if body is not None else {})
        sent = None if body is None else json.dumps(body).encode()
        while True:
            asked_for = limit = None
            try:
                answer = self.access.network.send(method, self._url(path, query), headers, sent)
            except (Dropped, Unreachable) as problem:
                failure = self._unreached(problem, method, path)
                limit = UNREACHABLE_TIMEOUT if isinstance(problem, Unreachable) else None
            else:
                if answer.status < 400:
                    return answer
                failure = to_failure(answer, f"{method} {path}", self.access.name)
                if answer.status not in PASSING:
                    raise failure
                asked_for = retry_after(answer.headers.get("retry-after"))
            pause = patience.pause(asked_for, limit)
            if pause is None:
                raise failure
            report(
                f"{method} {path}",
                f"an answer other than {failure.reason}",
                round(patience.waited(), 1),
                self.retry_timeout,
            )
            self.clock.sleep(pause)

    def _unreached(self, problem: Exception, method: str, path: str) -> Failure:
        reason = "CONNECTION_DROPPED" if isinstance(problem, Dropped) else "CONNECTION_FAILED"
        hint = "Is the cluster running, and may this machine reach its control plane (authorised networks, proxy)?"
        return Failure(reason, f"{self.access.name}: {problem}", hint=hint, request=f"{method} {path}")

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        pairs = [(key, value) for key, value in (query or {}).items() if value is not None]
        return f"{self.access.address}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def _headers(self) -> dict[str, str]:
        token = self.access.token()
        asking = {"Authorization": f"Bearer {token}"} if token else {}
        return {"Accept": "application/json", "User-Agent": USER_AGENT, **asking}


def to_failure(answer: Answer, request: str, cluster: str) -> Failure:
    """The failure for an answer of 400 or above: a Status of Kubernetes, or the page of whatever stands before it."""
    try:
        status = json.loads(answer.body)
    except ValueError:
        status = {}
    if not isinstance(status, dict) or status.get("kind") != "Status":
        first_line = answer.body.decode("utf-8", "replace").strip().split("\n", 1)[0][:300]
        status = {"reason": f"HTTP_{answer.status}", "message": first_line or f"HTTP status {answer.status}"}
    reason = str(status.get("reason") or f"HTTP_{answer.status}")
    message = f"{cluster}: {request}: {answer.status} {reason}: {status.get('message', '')}"
    return Failure(reason, message, answer.status, _HINTS.get(reason, ""), request)
