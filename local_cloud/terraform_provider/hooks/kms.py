"""What keys do beyond their data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.normalisations import seconds

if TYPE_CHECKING:
    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values


def crypto_key_body(body: dict[str, Any], state: Values, writing: Writing) -> dict[str, Any]:
    """A rotation period that is set or changed comes with the time of the first rotation."""
    length = seconds(state.get("rotation_period") or "")
    if length and (writing.verb == "create" or "rotation_period" in writing.changed):
        first = datetime.now(UTC) + timedelta(seconds=length)
        body["nextRotationTime"] = first.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return body
