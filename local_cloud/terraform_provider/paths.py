"""URLs and ids from templates such as `projects/{project}/zones/{zone}`, and import ids back into their parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local_cloud.terraform_provider.normalisations import last_segment
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PARAMETER = re.compile(r"\{([%?]?)(\w+)\}")
# These may be given as a self link and stand in a URL as the bare name.
_NAMED_PLACES = frozenset({"region", "zone"})


class PathError(ValueError):
    """A template asks for a value that is not there."""


def fill(template: str, values: Mapping[str, Any]) -> str:
    """`template` with every `{name}` replaced; PathError names the one that is missing.

    `{%name}` is percent-encoded, `{?name}` may be missing and is then empty.
    """

    def value(match: re.Match[str]) -> str:
        found = values.get(match[2])
        if match[1] == "?" and (not found or found is UNKNOWN):
            return ""
        if found is None or found is UNKNOWN or found == "":
            raise PathError(
                f"{match[2]} is not set: give it on the resource or, for project, region and zone, on the provider"
            )
        text = last_segment(str(found)) if match[2] in _NAMED_PLACES else _text(found)
        return quote(text, safe="") if match[1] == "%" else text

    return _PARAMETER.sub(value, template)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse_import(identity: str, formats: Sequence[str]) -> dict[str, str] | None:
    """What the first fitting format finds in `identity`, or None. `{%name}` may contain slashes."""
    for template in formats:
        match = re.fullmatch(_expression(template), identity)
        if match:
            return match.groupdict()
    return None


def _expression(template: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _PARAMETER.finditer(template):
        parts.append(re.escape(template[end : match.start()]))
        parts.append(f"(?P<{match[2]}>{'.+?' if match[1] else '[^/]+'})")
        end = match.end()
    return "".join(parts) + re.escape(template[end:])
