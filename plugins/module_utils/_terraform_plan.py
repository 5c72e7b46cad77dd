"""PRIVATE to the collection: a Terraform plan as data, reduced to what changes, with nothing sensitive left in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._masking import masked_diff
from ._terraform_drift import settled_drift

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive value)"
SENSITIVE_CHANGED = "(sensitive value, changed)"

# Terraform's lists of actions (internal/plans/action.go, the JSON plan format 1.2) and our one word for each.
ACTION_WORDS: Mapping[tuple[str, ...], str] = {
    ("no-op",): "no_op",
    ("read",): "read",
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("forget",): "forget",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
}
SUMMARY_WORDS = ("create", "update", "replace", "delete", "forget", "read", "no_op")
CHANGING_WORDS = ("create", "update", "replace", "delete", "forget")

# A secret shorter than this may be part of an innocent word, so it masks only a value that equals it.
SHORTEST_SECRET_TO_SEARCH_FOR = 8


@dataclass(frozen=True)
class Sensitive:
    """A value that may be compared but not shown."""

    value: Any


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource, or what happened to it outside Terraform; every value already masked."""

    address: str
    type: str
    action: str
    actions: tuple[str, ...]
    before: Any
    after: Any
    replace_paths: tuple[str, ...]
    provider: str
    reason: str | None
    previous_address: str | None
    importing: bool

    @classmethod
    def from_json(cls, document: Mapping[str, Any], secrets: frozenset[str]) -> Change:
        """Build from an element of `resource_changes` or `resource_drift`."""
        change = document["change"]
        actions = tuple(change["actions"])
        before, after = _shown_difference(change, secrets)
        return cls(
            address=document["address"],
            type=document["type"],
            action=ACTION_WORDS.get(actions, "update"),
            actions=actions,
            before=before,
            after=after,
            replace_paths=tuple(_path_text(path) for path in change.get("replace_paths", ())),
            provider=document.get("provider_name", ""),
            reason=document.get("action_reason"),
            previous_address=document.get("previous_address"),
            importing="importing" in change,
        )

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Change:
        """Build from what `to_result` made."""
        return cls(**{**result, "actions": tuple(result["actions"]), "replace_paths": tuple(result["replace_paths"])})

    def to_result(self) -> dict[str, Any]:
        """Return the change as plain lists and dictionaries."""
        return {**self.__dict__, "actions": list(self.actions), "replace_paths": list(self.replace_paths)}


@dataclass(frozen=True)
class Plan:
    """A whole plan; `changes` leaves out what does not change, `summary` counts it."""

    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    summary: Mapping[str, int]
    providers: tuple[str, ...]
    terraform_version: str

    @classmethod
    def from_show(cls, document: Mapping[str, Any]) -> Plan:
        """Build from the document that `terraform show -json <plan file>` prints."""
        secrets = frozenset(_secrets_of(document))
        resources = [Change.from_json(item, secrets) for item in document.get("resource_changes", ())]
        summary = {word: sum(change.action == word for change in resources) for word in SUMMARY_WORDS}
        configured = document.get("configuration", {}).get("provider_config", {}).values()
        used = {change.provider for change in resources} | {str(item.get("full_name", "")) for item in configured}
        return cls(
            changes=tuple(change for change in resources if change.action != "no_op" or _is_moved(change)),
            drift=tuple(Change.from_json(item, secrets) for item in settled_drift(document.get("resource_drift", ()))),
            outputs={
                name: _output_change(change, secrets) for name, change in document.get("output_changes", {}).items()
            },
            summary=summary,
            providers=tuple(sorted(used - {""})),
            terraform_version=document.get("terraform_version", ""),
        )

    @property
    def is_empty(self) -> bool:
        """True when applying the plan would change neither a resource nor an output nor what state remembers."""
        resources = any(c.action in CHANGING_WORDS or c.importing or _is_moved(c) for c in self.changes)
        return not resources and all(output["action"] == "no_op" for output in self.outputs.values())

    def to_result(self) -> dict[str, Any]:
        """Return `{summary, changes, drift, outputs}` as modules hand it over."""
        return {
            "summary": dict(self.summary),
            "changes": [change.to_result() for change in self.changes],
            "drift": [change.to_result() for change in self.drift],
            "outputs": {name: dict(output) for name, output in self.outputs.items()},
        }


def difference(changes: tuple[Change, ...]) -> dict[str, dict[str, Any]]:
    """Return Ansible's `diff`: before and after of every resource that changes, by address, with what changes in it."""
    changing = [change for change in changes if change.action in CHANGING_WORDS]
    return {
        "before": {change.address: change.before for change in changing if change.before is not None},
        "after": {change.address: change.after for change in changing if change.after is not None},
    }


def masked_outputs(outputs: Mapping[str, Mapping[str, Any]], revealed: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Return `{name: {value, sensitive}}` from `terraform output -json`, sensitive values masked unless revealed."""
    secrets = frozenset(
        secret for output in outputs.values() if output.get("sensitive") for secret in _strings(output.get("value"))
    )
    shown: dict[str, dict[str, Any]] = {}
    for name, output in outputs.items():
        sensitive = bool(output.get("sensitive"))
        marked = _mark(output.get("value"), sensitive, secrets)
        masked = SENSITIVE if sensitive else _render(marked, None)
        value = output.get("value") if name in revealed else masked
        shown[name] = {"value": value, "sensitive": sensitive}
    return shown


def plain_values(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return `{name: value}` of the outputs that are not sensitive."""
    return {name: output["value"] for name, output in outputs.items() if not output["sensitive"]}


def _is_moved(change: Change) -> bool:
    return change.previous_address not in (None, change.address)


def _output_change(change: Mapping[str, Any], secrets: frozenset[str]) -> dict[str, Any]:
    after = _mark(
        _with_unknown(change.get("after"), change.get("after_unknown")), change.get("after_sensitive"), secrets
    )
    before = _mark(change.get("before"), change.get("before_sensitive"), secrets)
    return {
        "action": ACTION_WORDS.get(tuple(change["actions"]), "update"),
        "sensitive": change.get("after_sensitive") is True or change.get("before_sensitive") is True,
        "value": _render(after, before if before != after else None),
    }


def _shown_difference(change: Mapping[str, Any], secrets: frozenset[str]) -> tuple[Any, Any]:
    before = _mark(change.get("before"), change.get("before_sensitive"), secrets)
    raw_after = change.get("after")
    if raw_after is not None or change.get("after_unknown"):
        raw_after = _with_unknown(raw_after, change.get("after_unknown"))
    after = _mark(raw_after, change.get("after_sensitive"), secrets)
    less_before, less_after = _reduced(before, after)
    # A provider that forgot to mark an attribute must not make us print what its name says is a secret.
    shown = masked_diff(_render(less_before, None), _render(less_after, less_before))
    return shown["before"], shown["after"]


def _with_unknown(value: Any, unknown: Any) -> Any:
    """Put the words "(known after apply)" where Terraform does not know the value yet."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict):
        known = value if isinstance(value, dict) else {}
        keys = [*known, *(key for key in unknown if key not in known)]
        merged = {key: _with_unknown(known.get(key), unknown.get(key)) for key in keys}
        return {key: item for key, item in merged.items() if key in known or item not in (None, {}, [])}
    if isinstance(unknown, list):
        items = value if isinstance(value, list) else []
        size = max(len(items), len(unknown))
        return [_with_unknown(_at(items, index), _at(unknown, index)) for index in range(size)]
    return value


def _mark(value: Any, marks: Any, secrets: frozenset[str]) -> Any:
    """Wrap what is marked sensitive, and every text that repeats a secret known from elsewhere in the plan.

    Marks alone do not do: a computed attribute that echoes a sensitive argument comes back from state unmarked.
    """
    if marks is True:
        return Sensitive(value) if value is not None else None
    if isinstance(value, dict):
        inner = marks if isinstance(marks, dict) else {}
        return {key: _mark(item, inner.get(key), secrets) for key, item in value.items()}
    if isinstance(value, list):
        items = marks if isinstance(marks, list) else []
        return [_mark(item, _at(items, index), secrets) for index, item in enumerate(value)]
    return Sensitive(value) if isinstance(value, str) and _repeats_a_secret(value, secrets) else value


def _repeats_a_secret(text: str, secrets: frozenset[str]) -> bool:
    return text in secrets or any(len(secret) >= SHORTEST_SECRET_TO_SEARCH_FOR and secret in text for secret in secrets)


def _reduced(before: Any, after: Any) -> tuple[Any, Any]:
    """Leave only what differs; a list that differs stays whole, because its order is part of what it says."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = {
            key: _reduced(before.get(key), after.get(key))
            for key in [*before, *(key for key in after if key not in before)]
            if before.get(key) != after.get(key)
        }
        return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
    return _without_nothing(before, after is None), _without_nothing(after, before is None)


def _without_nothing(value: Any, stands_alone: bool) -> Any:
    if stands_alone and isinstance(value, dict):
        return {key: item for key, item in value.items() if item not in (None, {}, [])}
    return value


def _render(value: Any, counterpart: Any) -> Any:
    """Turn marks into words; `counterpart` is what stood there before, so that a changed secret can say so."""
    if isinstance(value, Sensitive):
        changed = isinstance(counterpart, Sensitive) and counterpart != value
        return SENSITIVE_CHANGED if changed else SENSITIVE
    if isinstance(value, dict):
        other = counterpart if isinstance(counterpart, dict) else {}
        return {key: _render(item, other.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        others = counterpart if isinstance(counterpart, list) else []
        return [_render(item, _at(others, index)) for index, item in enumerate(value)]
    return value


def _secrets_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text that the plan itself calls sensitive, in whatever module it stands."""
    declared = document.get("configuration", {}).get("root_module", {}).get("variables", {})
    for name, variable in document.get("variables", {}).items():
        if declared.get(name, {}).get("sensitive"):
            yield from _strings(variable.get("value"))
    resources = [*document.get("resource_changes", ()), *document.get("resource_drift", ())]
    changes = [item["change"] for item in resources] + list(document.get("output_changes", {}).values())
    for change in changes:
        for moment in ("before", "after"):
            yield from _marked_strings(change.get(moment), change.get(f"{moment}_sensitive"))


def _marked_strings(value: Any, marks: Any) -> Iterator[str]:
    if marks is True:
        yield from _strings(value)
    elif isinstance(value, dict) and isinstance(marks, dict):
        for key, item in value.items():
            yield from _marked_strings(item, marks.get(key))
    elif isinstance(value, list) and isinstance(marks, list):
        for index, item in enumerate(value):
            yield from _marked_strings(item, _at(marks, index))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _path_text(path: list[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
