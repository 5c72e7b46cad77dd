"""Essential Contacts: who is told about what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    if "@" not in str(wanted.get("email", "")):
        raise invalid(f"Request contains an invalid argument: '{wanted.get('email')}' is not an email address.")


def _types() -> tuple[ResourceType, ...]:
    return tuple(
        ResourceType(
            f"{parent}.contacts",
            label="contact",
            id_source="sequence",
            computed={"validationState": "VALID"},
            defaults={"validateTime": lambda call, body: call.stamp()},
            writable=("validateTime",),
            immutable=("email",),
            check=_check,
        )
        for parent in ("projects", "folders", "organizations")
    )


PROFILE = Profile(api="essentialcontacts", project_names="number", types=_types())
