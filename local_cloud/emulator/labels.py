"""Compute's `setLabels`: all labels at once, guarded by the label fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import condition_not_met

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body


def set_labels(call: Call) -> Body | Response:
    """Replace the labels of the resource in the path; ApiError 412 for a stale fingerprint."""
    stored = call.stored()
    given = call.body.get("labelFingerprint")
    if given != stored.body.get("labelFingerprint"):
        raise condition_not_met(
            "Labels fingerprint either invalid or resource labels have changed", location="labelFingerprint"
        )
    body = {**stored.body, "labels": call.body.get("labels", {})}
    kept = verbs.keep(call, stored.name, body, stored)
    return verbs.respond(call, kept.name, "setLabels", kept)
