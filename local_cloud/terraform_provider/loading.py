"""Read the specification files and refuse every mistake in them with file, key and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from local_cloud.terraform_provider.specification import BLOCK_KINDS, NESTED_KINDS, Attribute, Call, Kind, Specification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESOURCES = Path(__file__).parent / "resources"
FLAGS = {
    "required": "required",
    "optional": "optional",
    "computed": "computed",
    "immutable": "immutable",
    "sensitive": "sensitive",
    "write-only": "write_only",
    "deprecated": "deprecated",
}
SCALARS = ("string", "number", "bool")
KINDS: Mapping[str, Kind] = {
    "string": "string",
    "number": "number",
    "bool": "bool",
    "block": "block",
    "blocks": "blocks",
    "set of blocks": "set of blocks",
    "list of objects": "objects",
    "nested": "block",
    "list of nested": "blocks",
}
_NESTED = ("nested", "list of nested")
_COLLECTION = re.compile(r"(map|list|set) of (string|number|bool)")
# Keys of an attribute that go to the field of the same name as they are.
_PLAIN = frozenset(
    {
        "default",
        "least",
        "most",
        "local",
        "in_url",
        "kept",
        "send_empty",
        "sent",
        "template",
        "form",
        "reference",
        "pattern",
        "replaces_when",
        "stored",
        "blank",
        "absent",
        "sticky",
        "unordered",
        "unsent",
        "when_present",
        "when_absent",
        "absent_when",
    }
)
_TUPLES = frozenset(
    {
        "same",
        "allowed",
        "between",
        "ignored_keys",
        "mask",
        "conflicts",
        "exactly_one_of",
        "at_least_one_of",
        "required_with",
    }
)
_ATTRIBUTE_KEYS = _PLAIN | _TUPLES | {"is", "api", "inner"}
_CALL_KEYS = frozenset(field.name for field in fields(Call)) - {"method", "path"}
_FILE_KEYS = frozenset(
    {
        "type",
        "api",
        "title",
        "base",
        "collection",
        "self",
        "id",
        "import",
        "timeouts",
        "operations",
        "create",
        "read",
        "update",
        "delete",
        "name_from",
        "constants",
        "after_create",
        "hooks",
        "options",
        "schema_version",
        "attributes",
        "attributes_from",
    }
)
_REQUIRED_KEYS = ("type", "title", "api", "base", "attributes")
DEFAULT_TIMEOUTS = {"create": 20, "update": 20, "delete": 20}


class SpecificationError(ValueError):
    """A specification file says something that cannot be understood."""


class _Loader(yaml.CSafeLoader):
    """YAML without surprises: a key that stands twice in a mapping is refused."""


def _unique_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    doubled = {key for key in keys if keys.count(key) > 1}
    if doubled:
        raise SpecificationError(f"{node.start_mark.name}:{node.start_mark.line + 1}: stands twice: {sorted(doubled)}")
    return loader.construct_mapping(node, deep=True)


def _part(loader: _Loader, node: yaml.ScalarNode) -> dict[str, Any]:
    """`!part NAME`: attributes that several types share, from `parts/NAME.yml` beside the file."""
    return _shared(Path(node.start_mark.name).parent, loader.construct_scalar(node))


def _shared(directory: Path, name: str) -> dict[str, Any]:
    path = (directory if directory.name == "parts" else directory / "parts") / f"{name}.yml"
    with path.open(encoding="utf-8") as stream:
        found: dict[str, Any] = yaml.load(stream, Loader=_Loader)  # noqa: S506 - a safe loader
    return found


_Loader.add_constructor("!part", _part)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


@cache
def specifications(directory: Path = RESOURCES) -> Mapping[str, Specification]:
    """Every resource type by name; SpecificationError names the file, the key and what is allowed."""
    loaded = [load(path) for path in sorted(directory.glob("*/*.yaml"))]
    return {specification.type: specification for specification in loaded}


def load(path: Path) -> Specification:
    """One specification file."""
    try:
        with path.open(encoding="utf-8") as stream:
            content = yaml.load(stream, Loader=_Loader)  # noqa: S506 - a safe loader
        return _specification(path, content)
    except (SpecificationError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise SpecificationError(f"{path.parent.name}/{path.name}: {error}") from error


def _specification(path: Path, content: Mapping[str, Any]) -> Specification:
    _refuse_unknown("file", content, _FILE_KEYS)
    missing = [key for key in _REQUIRED_KEYS if key not in content]
    if missing:
        raise SpecificationError(f"missing: {', '.join(missing)}")
    if content["type"] != path.stem:
        raise SpecificationError(f"type: {content['type']!r}, allowed: the file's own name {path.stem!r}")
    service, version = content["api"].split()
    shared = _shared(path.parent, content["attributes_from"]) if "attributes_from" in content else {}
    collection = content.get("collection", "")
    own = content.get("self", f"{collection}/{{name}}")
    identity = content.get("id", own)
    return Specification(
        type=content["type"],
        service=service,
        version=version,
        title=content["title"],
        base=content["base"],
        attributes=_attributes({**shared, **content["attributes"]}),
        create=_call("create", content.get("create", {"POST": collection})),
        read=_call("read", content.get("read", {"GET": own})),
        updates=tuple(_call(f"update {n}", raw) for n, raw in enumerate(content.get("update", ()), 1)),
        delete=_call("delete", raw) if (raw := content.get("delete", {"DELETE": own})) else None,
        id=identity,
        imports=tuple(content.get("import", _default_imports(identity))),
        timeouts=content.get("timeouts", DEFAULT_TIMEOUTS),
        operations=content.get("operations"),
        name_from=content.get("name_from", {}),
        constants=content.get("constants", {}),
        after_create=tuple(_call(f"after_create {n}", raw) for n, raw in enumerate(content.get("after_create", ()), 1)),
        hooks=content.get("hooks", {}),
        options=content.get("options", {}),
        schema_version=content.get("schema_version", 0),
    )


def _default_imports(identity: str) -> Sequence[str]:
    """The id itself, its parameters joined by slashes, the same without the project, and, last, without the place."""
    names = re.findall(r"\{(\w+)\}", identity)
    shorter = [
        names[i:] for i in range(len(names)) if i == 0 or names[i - 1] in ("project", "region", "zone", "location")
    ]
    forms = ["/".join(f"{{{name}}}" for name in form) for form in shorter]
    return tuple(dict.fromkeys([identity, *forms]))


def _call(where: str, raw: Mapping[str, Any]) -> Call:
    methods = [key for key in raw if key.isupper()]
    if len(methods) != 1:
        raise SpecificationError(f"{where}: {sorted(raw)}, allowed: exactly one of GET, POST, PUT, PATCH, DELETE")
    options = {key: value for key, value in raw.items() if key != methods[0]}
    _refuse_unknown(where, options, _CALL_KEYS)
    for key in ("when", "body", "echo"):
        if isinstance(options.get(key), list):
            options[key] = tuple(options[key])
    return Call(method=methods[0], path=raw[methods[0]], **options)


def _attributes(raw: Mapping[str, Any], prefix: str = "") -> Mapping[str, Attribute]:
    return {name: _attribute(prefix + name, name, value) for name, value in raw.items()}


def _attribute(where: str, name: str, raw: str | Mapping[str, Any]) -> Attribute:
    keys: Mapping[str, Any] = {"is": raw} if isinstance(raw, str) else raw
    _refuse_unknown(where, keys, _ATTRIBUTE_KEYS)
    flags, kind, element = _declaration(where, keys["is"])
    options: dict[str, Any] = {**flags, **{key: keys[key] for key in keys if key in _PLAIN}}
    options |= {key: _tuple(keys[key]) for key in keys if key in _TUPLES}
    path = keys.get("api", camel(name))
    inner = _attributes(keys.get("inner", {}), f"{where}.")
    if ("inner" in keys) != (kind in NESTED_KINDS):
        raise SpecificationError(f"{where}: {keys['is']!r} and inner must stand together")
    most = options.pop("most", 1 if kind == "block" else 0)
    least = options.pop("least", 1 if flags.get("required") and kind in BLOCK_KINDS else 0)
    return Attribute(
        nested=str(keys["is"]).endswith(_NESTED),
        name=name, kind=kind, element=element, inner=inner, most=most, least=least,
        api=tuple(path.split(".")) if path else (), **options,
    )  # fmt: skip


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _declaration(where: str, text: str) -> tuple[dict[str, bool], Kind, str]:
    words = text.split()
    flags: dict[str, bool] = {}
    while words and words[0] in FLAGS:
        flags[FLAGS[words.pop(0)]] = True
    rest = " ".join(words)
    collection = _COLLECTION.fullmatch(rest)
    if not flags.keys() & {"required", "optional", "computed"}:
        raise SpecificationError(f"{where}: {text!r} says none of required, optional, computed")
    if collection:
        return flags, cast("Kind", collection[1]), collection[2]
    if rest not in KINDS:
        raise SpecificationError(
            f"{where}: {text!r}, allowed: {', '.join(FLAGS)}, then {', '.join(KINDS)}"
            f" or map|list|set of {'|'.join(SCALARS)}"
        )
    return flags, KINDS[rest], "string"


def _refuse_unknown(where: str, keys: Mapping[str, Any], allowed: frozenset[str]) -> None:
    unknown = sorted(set(keys) - allowed)
    if unknown:
        raise SpecificationError(f"{where}: {', '.join(map(str, unknown))}, allowed: {', '.join(sorted(allowed))}")


def camel(name: str) -> str:
    """`ip_cidr_range` as the API spells it: `ipCidrRange`."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)
