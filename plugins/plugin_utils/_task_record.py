"""Turn what a task returned into what the ledger keeps of it: the keys a report understands, masked and cut to size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ._masked_text import mask, mask_text

TEXT_LIMIT = 4_000
"""Characters kept of a message, an evidence or a hint."""
DIFF_LIMIT = 40_000
"""Characters kept of each side of a diff."""
LABEL_LIMIT = 120
"""Characters kept of a loop item's label."""
STDERR_LINES = 20
"""Last lines of a command's standard error that are kept when it failed."""

VERDICTS = ("pass", "fail", "no-evidence")
CHANGE_KINDS = ("create", "update", "replace", "delete")


def record(result: Mapping[str, Any], *, failed: bool, no_log: bool) -> dict[str, Any]:
    """The report keys of one result (architecture page, section 3), masked; keys with nothing to say are left out.

    Of a result under `no_log` only that fact and `changed` are kept: even a message may quote what must stay hidden.
    """
    fields: dict[str, Any] = {"changed": True} if result.get("changed") else {}
    if no_log or "censored" in result:
        fields["no_log"] = True
        if failed:
            fields["failure"] = {"message": "the task failed; its message is hidden by no_log"}
        return fields
    found = {
        "diff": _diffs(result.get("diff")) if result.get("changed") else None,
        "failure": _failure(result) if failed else None,
        "verdicts": _verdicts(result.get("verdicts")),
        "refused": _refused(result.get("refused")),
        "provider": _plain(result.get("provider"), ("kind", "source", "version")),
        "changes": counts(result.get("changes")),
        "planned": counts(result.get("summary")),
        "warnings": _warnings(result),
        "attempts": result.get("attempts") if _is_number(result.get("attempts")) else None,
    }
    return fields | {key: value for key, value in found.items() if value}


def label(result: Mapping[str, Any]) -> str | None:
    """The label of a loop item, masked and short; None where the result is of no item or is hidden."""
    if "censored" in result:
        return None
    item = result.get("_ansible_item_label", result.get(str(result.get("ansible_loop_var", "item"))))
    if item is None:
        return None
    return _cut(_as_text(item), LABEL_LIMIT)


def counts(value: Any) -> dict[str, int] | None:
    """Numbers of created, updated, replaced and deleted resources of a root; None where the value is not that."""
    if not isinstance(value, Mapping) or not any(_is_number(value.get(kind)) for kind in CHANGE_KINDS):
        return None
    return {kind: int(value.get(kind) or 0) for kind in CHANGE_KINDS}


def _diffs(value: Any) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    kept = (_diff(entry) for entry in entries if isinstance(entry, Mapping))
    return [entry for entry in kept if entry]


def _diff(entry: Mapping[str, Any]) -> dict[str, Any]:
    if entry.get("prepared"):
        return {"prepared": _cut(_as_text(entry["prepared"]), DIFF_LIMIT)}
    if "before" not in entry and "after" not in entry:
        return {}
    sides: dict[str, Any] = {side: _side(entry.get(side)) for side in ("before", "after")}
    if sides["before"] == sides["after"]:
        sides["hidden"] = True
    for header in ("before_header", "after_header"):
        if entry.get(header):
            sides[header] = _cut(_as_text(entry[header]), LABEL_LIMIT)
    return sides


def _side(value: Any) -> Any:
    """One side of a diff: structures stay structures while they are small, text stays text."""
    if isinstance(value, Mapping | list):
        masked = mask(value)
        text = json.dumps(masked, ensure_ascii=False, default=str)
        return masked if len(text) <= DIFF_LIMIT else _cut(json.dumps(masked, indent=1, default=str), DIFF_LIMIT)
    return "" if value is None else _cut(mask_text(str(value)), DIFF_LIMIT)


def _failure(result: Mapping[str, Any]) -> dict[str, Any]:
    given = result.get("failure")
    failure = _plain(given, ("reason", "status", "message", "hint")) if isinstance(given, Mapping) else {}
    if not failure.get("message"):
        failure["message"] = _cut(_as_text(result.get("msg") or "no message"), TEXT_LIMIT)
    stderr = str(result.get("stderr") or result.get("module_stderr") or "").strip()
    if stderr and not isinstance(given, Mapping):
        failure["stderr"] = _cut(mask_text("\n".join(stderr.splitlines()[-STDERR_LINES:])), TEXT_LIMIT)
    return failure


def _verdicts(value: Any) -> list[dict[str, Any]]:
    kept = []
    for entry in _mappings(value):
        verdict = str(entry.get("verdict"))
        # A word outside of the three proves nothing, so it counts as that and says what it was.
        evidence = entry.get("evidence") if verdict in VERDICTS else f"unknown verdict {verdict!r}"
        kept.append(
            {
                "name": _cut(_as_text(entry.get("name", "unnamed")), LABEL_LIMIT),
                "verdict": verdict if verdict in VERDICTS else "no-evidence",
                "evidence": _cut(_as_text(evidence), TEXT_LIMIT) if evidence is not None else "",
            }
        )
    return kept


def _refused(value: Any) -> list[dict[str, Any]]:
    return [_plain(entry, ("what", "why", "hint")) for entry in _mappings(value)]


def _warnings(result: Mapping[str, Any]) -> list[str]:
    kept = []
    for key in ("warnings", "deprecations"):
        for entry in result.get(key) or []:
            text = entry.get("msg", entry) if isinstance(entry, Mapping) else entry
            kept.append(_cut(mask_text(str(text)), TEXT_LIMIT))
    return kept


def _plain(value: Any, keys: Sequence[str]) -> dict[str, Any]:
    """The named keys of a mapping that hold something, as short masked text; numbers stay numbers."""
    if not isinstance(value, Mapping):
        return {}
    found = ((key, value.get(key)) for key in keys)
    return {
        key: entry if _is_number(entry) else _cut(_as_text(entry), TEXT_LIMIT)
        for key, entry in found
        if entry is not None and entry != ""
    }


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return mask_text(value)
    return mask_text(json.dumps(mask(value), ensure_ascii=False, sort_keys=True, default=str))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
