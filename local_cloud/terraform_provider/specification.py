"""What a resource type is: its attributes, how they map onto the API, and the calls that make and change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Kind = Literal["string", "number", "bool", "map", "list", "set", "block", "blocks", "set of blocks", "objects"]
BLOCK_KINDS = ("block", "blocks", "set of blocks")
NESTED_KINDS = (*BLOCK_KINDS, "objects")
COLLECTION_KINDS = ("map", "list", "set", *NESTED_KINDS)


@dataclass(frozen=True)
class Attribute:
    """One argument, block or exported value of a resource type.

    `block` is a nested block that stands at most once, `blocks` a list and `set of blocks` a set of them, `objects` a
    computed list of objects. `nested`: written as an attribute (`name = {...}`, `name = [{...}]`), as providers of the
    newer framework have it; a value of the first kind is a list of one here, like a block's. `element` is the type
    inside a map, list or set. `api` is the path of the field inside the API object of the parent; a `local` attribute
    never reaches the API. The other fields are explained in the README of this package, key by key.
    """

    name: str
    kind: Kind
    element: str = "string"
    required: bool = False
    optional: bool = False
    computed: bool = False
    immutable: bool = False
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False
    default: Any = None
    least: int = 0
    most: int = 0
    inner: Mapping[str, Attribute] = field(default_factory=dict)
    nested: bool = False
    api: tuple[str, ...] = ()
    local: bool = False
    in_url: bool = False
    kept: bool = False
    send_empty: bool = False
    sent: bool = False
    template: str | None = None
    form: str | None = None
    reference: str | None = None
    same: tuple[str, ...] = ()
    allowed: tuple[Any, ...] = ()
    pattern: str | None = None
    between: tuple[float, float] | None = None
    conflicts: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    at_least_one_of: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    replaces_when: str | None = None
    stored: str | None = None
    blank: Any = None
    absent: Any = None
    sticky: bool = False
    unordered: bool = False
    unsent: bool = False
    ignored_keys: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    when_present: Mapping[str, Any] = field(default_factory=dict)
    when_absent: Mapping[str, Any] = field(default_factory=dict)
    absent_when: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_block(self) -> bool:
        """True when the configuration writes it as `name { ... }`."""
        return self.kind in BLOCK_KINDS

    @property
    def is_nested(self) -> bool:
        """True when its values are objects with attributes of their own."""
        return self.kind in NESTED_KINDS

    @property
    def is_object(self) -> bool:
        """True for a block that is one object in the API, not a list of them."""
        return self.form == "object" or (self.kind == "block" and self.form != "array")

    @property
    def is_set(self) -> bool:
        """True when the order of its values means nothing."""
        return self.kind in ("set", "set of blocks")

    @property
    def output_only(self) -> bool:
        """True when only the API sets it (`sent` makes an exception of a computed value that we work out ourselves)."""
        return self.computed and not self.optional and not self.sent


@dataclass(frozen=True)
class Call:
    """One request: `when` names the attributes whose change asks for it (empty: always)."""

    method: str
    path: str
    when: tuple[str, ...] = ()
    body: tuple[str, ...] | None = None
    mask: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    echo: tuple[str, ...] = ()
    nested: str | None = None
    only_changed: bool = False


@dataclass(frozen=True)
class Specification:
    """One resource type, as its file describes it."""

    type: str
    service: str
    version: str
    title: str
    base: str
    attributes: Mapping[str, Attribute]
    create: Call
    read: Call
    updates: Sequence[Call]
    delete: Call | None
    id: str
    imports: Sequence[str]
    timeouts: Mapping[str, int]
    operations: str | None
    name_from: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    after_create: Sequence[Call] = ()
    hooks: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    schema_version: int = 0

    def walk(self) -> Iterator[tuple[str, Attribute]]:
        """Every attribute with its dotted path, parents first."""
        yield from _walk("", self.attributes)


def _walk(prefix: str, attributes: Mapping[str, Attribute]) -> Iterator[tuple[str, Attribute]]:
    for name, attribute in attributes.items():
        yield prefix + name, attribute
        yield from _walk(f"{prefix}{name}.", attribute.inner)
