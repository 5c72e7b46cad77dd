"""What a profile is made of: the facts about a service that its discovery document does not give."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

Body = dict[str, Any]
# A hook gets the call and the resource and returns the resource to keep (or to show).
Hook = Callable[["Call", Body], Body]
# A check gets the call, the stored resource (None on create) and the wanted one; it raises ApiError.
Check = Callable[["Call", Body | None, Body], None]
# A custom method returns the JSON body of the answer, or a whole Response.
Handler = Callable[["Call"], "Body | Response"]


@dataclass(frozen=True)
class SoftDelete:
    """A deleted resource stays for `days`, shows `marks`, and its name stays taken. `gettable`: a plain get still
    finds it."""

    days: float
    marks: Mapping[str, Any] = field(default_factory=dict)
    gettable: bool = True
    expiry_field: str = ""


@dataclass(frozen=True)
class Run:
    """A resource that processes stand behind: a runtime works on it (docs/architecture.md, section 6.1).

    `starting`, `changing` and `stopping` are fields (dotted path → value, or function of (call, resource)) it gets at
    creation, change and deletion, while the runtime works. `settled` looks at the stored resource and says True when
    the runtime is done, False while it works, or why it failed; the operation goes by that. After a deletion the
    runtime takes the resource away. `alone` are the fields where no runtime runs, as in unit tests of the emulator.
    """

    settled: Callable[[Body], bool | str]
    starting: Mapping[str, Any] = field(default_factory=dict)
    changing: Mapping[str, Any] = field(default_factory=dict)
    stopping: Mapping[str, Any] = field(default_factory=dict)
    alone: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ResourceType:
    """One kind of resource. Only `collection` is needed; schema, path and id source follow from the discovery document.

    Field paths are dotted (`routingConfig.routingMode`), a `[]` walks a list (`peerings[].name`).

    | field | meaning |
    |---|---|
    | `collection` | dotted collection of the discovery document: `networks`, `projects.topics` |
    | `label` | the noun in error messages (`network`); the last segment of the collection without its plural s when empty |
    | `schema` | schema name, where the response of `get` is not it |
    | `id_source` | `body:FIELD`, `query:NAME`, `path`, `numeric`, `uuid` or `sequence` (1, 2, …), where the document does not show it |
    | `defaults` | what the server fills in on create: a value, or a function of (call, resource); a path below a missing object creates the object, a path that starts with `?` fills only an object that is there |
    | `computed` | what the server sets at every write: a value, or a function of (call, resource) |
    | `immutable` | paths whose change is refused |
    | `writable` | paths that the document calls output-only but clients may set |
    | `output_only` | paths that clients may not set though the document does not say so |
    | `hidden` | conventional server fields (etag, createTime, …) that this type does not have |
    | `keep_zero` | paths whose zero value is shown (proto3 `optional` and message fields) |
    | `references` | path → collection of what it points to (`networks`, or `pubsub:projects.topics`); checked to exist, normalised, and held against deletion |
    | `loose_references` | the same without the check that the target exists |
    | `soft_delete` | see SoftDelete |
    | `check` | see Check |
    | `before_write` | hook on the resource just before it is kept (create and update) |
    | `after_create`, `after_delete` | effects on other resources |
    | `view` | hook on what is shown by get and list |
    | `id_pattern` | expression a new id must match, where the schema has none |
    | `not_found`, `exists` | message templates with {name} (relative), {id}, {project}, {label} |
    | `run` | see Run |
    | `in_use_by_operation` | deleting what is in use starts an operation that fails, instead of answering 400 |
    """  # noqa: E501 - a table row is one line

    collection: str
    label: str = ""
    schema: str = ""
    id_source: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    immutable: Sequence[str] = ()
    writable: Sequence[str] = ()
    output_only: Sequence[str] = ()
    hidden: Sequence[str] = ()
    keep_zero: Sequence[str] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    loose_references: Mapping[str, str] = field(default_factory=dict)
    soft_delete: SoftDelete | None = None
    check: Check | None = None
    before_write: Hook | None = None
    after_create: Hook | None = None
    after_delete: Hook | None = None
    view: Hook | None = None
    id_pattern: str = ""
    not_found: str = ""
    exists: str = ""
    run: Run | None = None
    in_use_by_operation: bool = False

    @property
    def noun(self) -> str:
        """The singular noun of messages: `network`."""
        last = self.collection.rpartition(".")[2]
        return self.label or (
            last.removesuffix("ies") + "y"
            if last.endswith("ies")
            else last.removesuffix("es")
            if last.endswith("sses")
            else last.removesuffix("s")
        )


@dataclass(frozen=True)
class Adapter:
    """How one API version spells a resource that is kept in another version's spelling."""

    inbound: Hook
    outbound: Hook


@dataclass(frozen=True)
class Profile:
    """Everything the emulator knows of one service beyond its discovery documents.

    | field | meaning |
    |---|---|
    | `api`, `versions` | the discovery documents served |
    | `types` | its resources |
    | `methods` | custom methods: method id without the API (`networks.addPeering`) → handler; `vN:` in front restricts it to one version |
    | `style` | error bodies: `aip`, `legacy` (errors[] as well) or `compute` |
    | `dialect` | long-running operations: `aip` or `compute` |
    | `type_url` | prefix of `@type` in AIP-151 operations: `google.cloud.resourcemanager.v3` |
    | `proto3` | zeros are left out of responses |
    | `enablement` | whose project must have the API enabled: `resource` (the project in the path), `consumer` (the caller's project) or `always` |
    | `project_names` | `number` when resource names show the project's number, else `id` |
    | `canonical_name` | (emulator, relative name) → the one name a resource is kept under (aliases, wildcards) |
    | `adapters` | version → collection → Adapter |
    | `permissions` | `collection.verb` → permissions, where the naming rule (permissions/naming.py) does not give them; `vN:` in front restricts it |
    | `permission_prefix` | first part of permission names, where it is not the API's name |
    | `permission_nouns` | collection → noun in permission names, where it is not the collection's last part |
    | `extra_permissions` | permissions that are asked for beside the methods' own |
    | `policy_names` | (call) → [(service, name)] whose IAM policies count, most special first (None: no permission is asked for), where the resource's own path does not say |
    | `operation_name` | (call, target, token) → name of a new AIP-151 operation, where `…/locations/L/operations/ID` or `operations/ID` is not it |
    | `operation_metadata` | (call, target, verb, result) → metadata of a new AIP-151 operation |
    | `operation_types` | `collection.verb` → `operationType` of a Compute operation, where it is not the verb |
    | `empty_status` | status of an answer without content: 200 with `{}`, or 204 |
    | `done_at_once` | `collection.verb`s that answer with a finished operation or a plain resource even when operations take time |
    | `raw` | paths outside the discovery documents: called first, returns a Response or None |
    | `seed` | fills an empty cloud |
    """  # noqa: E501 - a table row is one line

    api: str
    versions: Sequence[str] = ("v1",)
    types: Sequence[ResourceType] = ()
    methods: Mapping[str, Handler] = field(default_factory=dict)
    style: str = "aip"
    dialect: str = "aip"
    type_url: str = ""
    proto3: bool = True
    enablement: str = "resource"
    project_names: str = "id"
    canonical_name: Callable[[Any, str], str] | None = None
    adapters: Mapping[str, Mapping[str, Adapter]] = field(default_factory=dict)
    permissions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    permission_prefix: str = ""
    permission_nouns: Mapping[str, str] = field(default_factory=dict)
    extra_permissions: Sequence[str] = ()
    policy_names: Callable[[Call], Sequence[tuple[str, str]] | None] | None = None
    operation_name: Callable[[Call, str, str], str] | None = None
    operation_metadata: Callable[[Call, str, str, Body | None], Body] | None = None
    operation_types: Mapping[str, str] = field(default_factory=dict)
    empty_status: int = 200
    done_at_once: Sequence[str] = ()
    raw: Callable[[Any, Any], Response | None] | None = None
    seed: Callable[[Any], None] | None = None

    @cached_property
    def _by_collection(self) -> Mapping[str, ResourceType]:
        return {resource_type.collection: resource_type for resource_type in self.types}

    def type_of(self, collection: str) -> ResourceType | None:
        """The resource type of a dotted collection, or None."""
        return self._by_collection.get(collection)


def load_profiles() -> dict[str, Profile]:
    """Every profile in the package `profiles`, by API: adding one is adding a file that defines `PROFILE`."""
    from local_cloud.emulator import profiles

    found: dict[str, Profile] = {}
    for module in pkgutil.iter_modules(profiles.__path__):
        if not module.ispkg:
            profile: Profile = importlib.import_module(f"{profiles.__name__}.{module.name}").PROFILE
            found[profile.api] = profile
    return found
