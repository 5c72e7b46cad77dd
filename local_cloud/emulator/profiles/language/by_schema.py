"""JSON that has the shape of a response schema and says the turns of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.emulator.profiles.language.conversation import Turn


def filled(schema: Mapping[str, Any], turns: list[Turn]) -> Any:
    """A value of `schema`: lists have an item a turn, texts say it, an enum takes its words in turn."""
    return _value(schema, turns, 0)


def _value(schema: Mapping[str, Any], turns: list[Turn], at: int) -> Any:
    kind = schema.get("type", "OBJECT" if "properties" in schema else "STRING")
    if kind == "ARRAY":
        most, fewest = int(schema.get("maxItems") or len(turns)), int(schema.get("minItems") or 0)
        count = max(min(len(turns), most), fewest)
        return [_value(schema.get("items", {}), turns, number) for number in range(count)]
    if kind == "OBJECT":
        return {name: _speaker_or_value(name, inner, turns, at) for name, inner in schema.get("properties", {}).items()}
    if schema.get("enum"):
        return schema["enum"][at % len(schema["enum"])]
    return {"INTEGER": at + 1, "NUMBER": at + 0.5, "BOOLEAN": True, "NULL": None}.get(kind, turns[at % len(turns)].text)


def _speaker_or_value(name: str, schema: Mapping[str, Any], turns: list[Turn], at: int) -> Any:
    if name.lower() in ("speaker", "role") and not schema.get("enum"):
        return turns[at % len(turns)].speaker
    return _value(schema, turns, at)
