"""One API call on its way through the emulator: what was asked, and what a verb or a hook needs to answer it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from local_cloud.emulator.discovery import Document, Method
from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.http import Request
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.schema import camel
from local_cloud.emulator.store import Store, Stored

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator

# Compute stamps in the zone of its headquarters.
_COMPUTE_ZONE = ZoneInfo("America/Los_Angeles")


@dataclass
class Call:
    """`name` is the relative, canonical path of the resource or collection (`projects/p/topics/t`); `query` holds the
    first value of each parameter in camelCase."""

    emulator: Emulator
    profile: Profile
    method: Method
    request: Request
    name: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Body
    type: ResourceType | None
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The emulator's memory."""
        return self.emulator.store

    @property
    def document(self) -> Document:
        """The discovery document of the API version that was called."""
        return self.method.document

    @property
    def kept_in(self) -> Document:
        """The discovery document in whose spelling the resource is kept."""
        return self.emulator.storage_document(self.profile, self.resource_type.collection, self.document)

    @property
    def service(self) -> str:
        """The API's short name, which is also the store's service."""
        return self.profile.api

    @property
    def project(self) -> str:
        """The project id in the path, or empty."""
        parts = self.name.split("/")
        return parts[1] if len(parts) > 1 and parts[0] == "projects" else ""

    @property
    def resource_type(self) -> ResourceType:
        """The type of the resource in the path; a method that belongs to none has been refused before."""
        if self.type is None:
            raise LookupError(f"{self.method.id} belongs to no resource type")
        return self.type

    @property
    def schema(self) -> str:
        """The schema name of the type."""
        return self.emulator.schema_of(self.profile, self.document, self.resource_type)

    @property
    def kept_schema(self) -> str:
        """The type's schema name in the document it is kept in."""
        return self.emulator.schema_of(self.profile, self.kept_in, self.resource_type)

    @property
    def caller(self) -> str:
        """The caller's e-mail address or principal."""
        principal = self.request.principal
        return (principal.email or principal.member) if principal else "anonymous"

    @property
    def now(self) -> datetime:
        """The emulator's time (aware, UTC)."""
        return self.emulator.clock.now()

    def stamp(self, moment: datetime | None = None) -> str:
        """A time in this API's own spelling."""
        moment = moment or self.now
        if self.profile.style == "compute":
            return moment.astimezone(_COMPUTE_ZONE).isoformat(timespec="milliseconds")
        if self.profile.style == "legacy":
            return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def number(self) -> str:
        """A new unique id of 19 digits, the same at every replay of the same calls."""
        seed = f"{self.service}/{self.store.count('number')}"
        return str(10**18 + int.from_bytes(hashlib.sha256(seed.encode()).digest()[:7], "big"))

    def self_link(self, name: str) -> str:
        """The full URL of a relative name, in the only form every comparer accepts."""
        return f"https://www.googleapis.com/{self.document.service_path}{name}"

    def shown_name(self, name: str) -> str:
        """A relative name as this API prints it (project number or id)."""
        return self.emulator.shown_name(self.profile, name)

    def stored(self, name: str | None = None, *, deleted: bool = False) -> Stored:
        """The resource at `name` (the called one by default) of this service; this API's own 404 when there is none."""
        name = self.name if name is None else name
        found = self.store.get(self.service, name, deleted=deleted)
        if found is None:
            raise self.missing(name)
        return found

    def missing(self, name: str, kind: ResourceType | None = None) -> ApiError:
        """The 404 for `name`, a resource of type `kind` (the called one by default)."""
        kind = kind or self.type
        template = (kind.not_found if kind else "") or (
            "The resource '{name}' was not found"
            if self.profile.style == "compute"
            else "Requested entity was not found."
        )
        return not_found(template.format(**self.words(name)))

    def words(self, name: str) -> dict[str, str]:
        """What message templates may use."""
        parts = name.split("/")
        return {
            "name": name,
            "shown": self.shown_name(name),
            "id": parts[-1],
            "parent": "/".join(parts[:-2]),
            "parent_id": parts[-3] if len(parts) > 2 else "",
            "project": self.project,
            "number": self.emulator.project_number(self.project) or "",
            "label": self.type.noun if self.type else "",
        }

    def missing_reference(self, value: str) -> ApiError:
        """The 404 for a resource that a field points to."""
        return not_found(f"Resource not found (resource={value.rpartition('/')[2]}).")

    def required(self, key: str) -> Any:
        """A field of the body; ApiError 400 without it."""
        if self.body.get(key) in (None, ""):
            raise invalid(f"Required field '{key}' not specified", location=key)
        return self.body[key]


def query_of(raw: str) -> dict[str, str]:
    """Query parameters in camelCase, the first value of each; system parameters (`$alt`, `prettyPrint`) included."""
    query: dict[str, str] = {}
    for key, value in parse_qsl(raw.replace("%3B", ";"), keep_blank_values=True):
        query.setdefault(key if key.startswith("$") else camel(key), value)
    return query


def queries_of(raw: str, key: str) -> list[str]:
    """Every value of one repeated query parameter."""
    return [value for name, value in parse_qsl(raw, keep_blank_values=True) if camel(name) == key]
