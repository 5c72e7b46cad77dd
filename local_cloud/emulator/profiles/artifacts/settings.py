"""A project's settings of Artifact Registry: whether gcr.io is answered by it. And the places of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler
from local_cloud.emulator.profiles.artifacts.repositories import LOCATIONS

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_FINALIZED = "REDIRECTION_FROM_GCR_IO_FINALIZED"


def get_settings(call: Call) -> Body:
    """`projects.getProjectSettings`: since Container Registry was shut down every project is redirected."""
    return {"name": call.name, "legacyRedirectionState": _FINALIZED}


def get_location(call: Call) -> Body:
    """`locations.get`."""
    identifier = call.name.rpartition("/")[2]
    if identifier not in LOCATIONS:
        raise not_found(f"Location {identifier} is not found or access is unauthorized.")
    return _location(call, identifier)


def list_locations(call: Call) -> Body:
    """`locations.list`."""
    return page(call, [_location(call, name) for name in LOCATIONS], "locations")


def _location(call: Call, identifier: str) -> Body:
    return {"name": f"projects/{call.project}/locations/{identifier}", "locationId": identifier}


METHODS: dict[str, Handler] = {
    "projects.getProjectSettings": get_settings,
    "projects.locations.get": get_location,
    "projects.locations.list": list_locations,
}
