"""Google's discovery documents as one route table: host and path in, API method and its parameters out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

OWN_DOCUMENTS = Path(__file__).parent / "documents"
# Hosts that answer for an API beside the one in its document.
SHARED_HOST = "www.googleapis.com"
SERVED_ON_SHARED_HOST = frozenset({"compute", "storage", "dns", "oauth2", "pubsub", "container"})

_PARAMETER = re.compile(r"\{(\+?)(\w+)\}")
_VERSION_SEGMENT = re.compile(r"^(?:dns/)?v\d+\w*/")
_ANY_SEGMENT = "[^/]+"


def bundled_documents() -> Path:
    """The directory of documents that google-api-python-client ships (Apache-2.0)."""
    import googleapiclient

    return Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"


@dataclass(frozen=True, eq=False)
class Method:
    """One API method, e.g. `compute.networks.insert`."""

    document: Document
    id: str
    http: str
    path: str
    parameters: Mapping[str, Mapping[str, Any]]
    request: str | None
    response: str | None
    upload: bool = False

    @cached_property
    def collection(self) -> str:
        """The dotted collection without API and verb: `networks`, `projects.topics`."""
        return self.id.partition(".")[2].rpartition(".")[0]

    @cached_property
    def verb(self) -> str:
        """The method's own name: `insert`, `setIamPolicy`."""
        return self.id.rpartition(".")[2]

    @cached_property
    def custom_verb(self) -> str:
        """What follows the colon of the path: `setIamPolicy` of `v1/{+resource}:setIamPolicy`, else empty."""
        tail = self.path.rpartition("/")[2]
        return tail.rpartition(":")[2] if ":" in tail else ""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The full path as an expression with one group a parameter."""
        parts: list[str] = []
        end = 0
        for match in _PARAMETER.finditer(self.path):
            parts.append(re.escape(self.path[end : match.start()]))
            parts.append(f"(?P<{match[2]}>{self._parameter_regex(match[1], match[2])})")
            end = match.end()
        parts.append(re.escape(self.path[end:]))
        return re.compile("".join(parts))

    def _parameter_regex(self, reserved: str, name: str) -> str:
        if not reserved:
            return _ANY_SEGMENT
        pattern = str(self.parameters.get(name, {}).get("pattern", "^.+$"))
        return pattern.removeprefix("^").removesuffix("$")

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's segments without the custom verb: literals, `*` for one segment, `**` for the rest."""
        path = self.path.rpartition(":")[0] if self.custom_verb else self.path
        expanded = _PARAMETER.sub(lambda match: self._wildcards(match[1], match[2]), path)
        return tuple(expanded.split("/"))

    def _wildcards(self, reserved: str, name: str) -> str:
        if not reserved:
            return "*"
        pattern = self._parameter_regex(reserved, name).replace(_ANY_SEGMENT, "*").replace("(?:", "(")
        return "/".join(
            (
                segment
                if segment == "*" or re.fullmatch(r"[\w\-]+", segment)
                else "**"
                if ".*" in segment or ".+" in segment
                else "*"
            )
            for segment in pattern.split("/")
        )

    def parse(self, path: str) -> dict[str, str]:
        """The decoded path parameters of `path`, which this method has matched."""
        match = self.regex.fullmatch(path)
        return {name: unquote(value) for name, value in match.groupdict().items()} if match else {}

    def relative(self, path: str) -> str:
        """`path` without service path, version and custom verb, decoded: `projects/p/topics/t`."""
        rest = path.removeprefix("upload/").removeprefix("download/").removeprefix(self.document.service_path)
        rest = rest if self.document.service_path else _VERSION_SEGMENT.sub("", rest)
        tail = self.path.rpartition("}")[2] if self.verb.endswith(("IamPolicy", "IamPermissions")) else ""
        for suffix in (f":{self.custom_verb}", f"/{self.verb}", *([tail] if tail.startswith("/") else [])):
            rest = rest.removesuffix(suffix) if self.path.endswith(suffix) else rest
        return unquote(rest)


@dataclass(frozen=True, eq=False)
class Document:
    """One discovery document."""

    content: Mapping[str, Any]

    @property
    def api(self) -> str:
        """The API's short name: `compute`."""
        return str(self.content["name"])

    @property
    def version(self) -> str:
        """`v1`."""
        return str(self.content["version"])

    @property
    def service_path(self) -> str:
        """`compute/v1/`, or empty where the version is part of each method's path."""
        return str(self.content.get("servicePath", ""))

    @property
    def host(self) -> str:
        """`compute.googleapis.com`."""
        return urlsplit(str(self.content["rootUrl"])).netloc

    @property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """Schema name to JSON schema."""
        schemas: Mapping[str, Mapping[str, Any]] = self.content["schemas"]
        return schemas

    @cached_property
    def methods(self) -> Mapping[str, Method]:
        """Method id to method (uploads and downloads share the id of the plain method)."""
        return {method.id: method for method in self.routes() if not method.upload}

    def routes(self) -> Iterator[Method]:
        """Every path this API answers."""
        for resource in _resources(self.content):
            for raw in resource.get("methods", {}).values():
                yield self._method(raw, self.service_path + raw["path"], raw["httpMethod"])
                yield from self._media_routes(raw)

    def _media_routes(self, raw: Mapping[str, Any]) -> Iterator[Method]:
        upload = raw.get("mediaUpload", {}).get("protocols", {}).get("simple")
        if upload:
            for http in dict.fromkeys((raw["httpMethod"], "PUT")):
                yield self._method(raw, upload["path"].lstrip("/"), http, upload=True)
        if raw.get("useMediaDownloadService"):
            yield self._method(raw, f"download/{self.service_path}{raw['path']}", raw["httpMethod"], upload=True)

    def _method(self, raw: Mapping[str, Any], path: str, http: str, *, upload: bool = False) -> Method:
        return Method(
            document=self,
            id=raw["id"],
            http=http,
            path=path,
            parameters={**self.content.get("parameters", {}), **raw.get("parameters", {})},
            request=raw.get("request", {}).get("$ref"),
            response=raw.get("response", {}).get("$ref"),
            upload=upload,
        )

    @cached_property
    def collections(self) -> frozenset[str]:
        """Every dotted collection that has methods."""
        return frozenset(method.collection for method in self.methods.values())


def _resources(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("resources", {}).values():
        yield from _resources(child)


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    leaves: dict[tuple[str, str], list[Method]] = field(default_factory=dict)
    rest: dict[tuple[str, str], list[Method]] = field(default_factory=dict)

    def child(self, segment: str) -> _Node:
        if segment == "*":
            self.any = self.any or _Node()
            return self.any
        return self.literal.setdefault(segment, _Node())

    def add(self, method: Method) -> None:
        node = self
        key = (method.http, method.custom_verb)
        for segment in method.segments:
            if segment == "**":
                node.rest.setdefault(key, []).append(method)
                return
            node = node.child(segment)
        node.leaves.setdefault(key, []).append(method)

    def find(self, segments: Sequence[str], index: int, key: tuple[str, str], path: str) -> Method | None:
        if index == len(segments):
            return _fitting(self.leaves.get(key, ()), path)
        for node in (self.literal.get(segments[index]), self.any):
            found = node.find(segments, index + 1, key, path) if node else None
            if found:
                return found
        return _fitting(self.rest.get(key, ()), path)


def _fitting(methods: Sequence[Method], path: str) -> Method | None:
    for method in methods:
        if method.regex.fullmatch(path):
            return method
    return None


class RouteTable:
    """Every method of the served APIs by host and path; documents are read when their host is first asked for."""

    def __init__(self, apis: Mapping[str, Sequence[str]]) -> None:
        """`apis` maps an API's short name to its served versions, e.g. `{"compute": ("v1",)}`."""
        self._apis = apis
        self._documents: dict[tuple[str, str], Document] = {}
        self._roots: dict[str, _Node] = {}

    def document(self, api: str, version: str) -> Document:
        """The document of one API version; FileNotFoundError when neither the bundle nor this package has it."""
        if (api, version) not in self._documents:
            name = f"{api}.{version}.json"
            own = OWN_DOCUMENTS / name
            text = (own if own.exists() else bundled_documents() / name).read_text(encoding="utf-8")
            self._documents[api, version] = Document(json.loads(text))
        return self._documents[api, version]

    def hosts(self) -> frozenset[str]:
        """Every host name that is served."""
        return frozenset({f"{api}.googleapis.com" for api in self._apis} | {SHARED_HOST})

    def match(self, host: str, http: str, path: str) -> Method | None:
        """The method that answers, or None. `path` is raw, with or without its leading slash."""
        path = path.lstrip("/")
        root = self._root(host)
        if root is None:
            return None
        head, colon, verb = path.rpartition(":")
        if colon and "/" not in verb:
            found = root.find(head.split("/"), 0, (http, unquote(verb)), path)
            if found:
                return found
        return root.find(path.split("/"), 0, (http, ""), path)

    def _root(self, host: str) -> _Node | None:
        if host not in self._roots:
            apis = [api for api in self._apis if self._answers(api, host)]
            if not apis:
                return None
            root = _Node()
            for api in apis:
                for version in self._apis[api]:
                    for method in self.document(api, version).routes():
                        root.add(method)
            self._roots[host] = root
        return self._roots[host]

    @staticmethod
    def _answers(api: str, host: str) -> bool:
        return host == f"{api}.googleapis.com" or (host == SHARED_HOST and api in SERVED_ON_SHARED_HOST)
