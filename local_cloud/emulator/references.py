"""Fields that point to other resources: any spelling in, one spelling out, targets that exist, and nothing deleted
while it is pointed at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError, in_use, invalid
from local_cloud.emulator.paths import slots

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

_URL = re.compile(r"^https?://[^/]+/(?:compute/)?(?:v\d\w*|beta|alpha)?/?(?:projects/)?")

_FULL_NAME = re.compile(r"//([a-z]+)\.googleapis\.com/")


def normalise(call: Call, body: Body) -> list[tuple[str, str]]:
    """Rewrite every reference of `body` in place; returns the (service, name) targets. ApiError 400 for a target that
    is not there."""
    targets: list[tuple[str, str]] = []
    checked = {path: (kind, True) for path, kind in call.resource_type.references.items()}
    loose = {path: (kind, False) for path, kind in call.resource_type.loose_references.items()}
    for path, (kind, must_exist) in {**loose, **checked}.items():
        service, _, collection = kind.rpartition(":")
        service = service or call.service
        for container, key in slots(body, path):
            value = container[key]
            if not value:
                continue
            owner = _owner(call, value) or service
            name = relative_name(call, owner, collection, str(value))
            if must_exist and call.store.get(owner, name) is None:
                raise _dangling(call, path, str(value), collection)
            targets.append((owner, name))
            if call.profile.style == "compute" and owner == call.service:
                container[key] = call.self_link(name)
            elif owner == call.service or "/" in str(value):
                container[key] = str(value) if owner != call.service else call.shown_name(name)
    return targets


def _owner(call: Call, value: object) -> str:
    """The service that a full resource name (`//certificatemanager.googleapis.com/projects/…`) says it is of."""
    found = _FULL_NAME.match(str(value))
    return found[1] if found and found[1] in call.emulator.profiles else ""


def relative_name(call: Call, service: str, collection: str, value: str) -> str:
    """`projects/p/global/networks/n` for any spelling of it: a URL, a partial path or the bare id."""
    if value.startswith("http"):
        value = "projects/" + _URL.sub("", value)
    if value.startswith("//"):
        value = value[2:].partition("/")[2]
    if "/" not in value:
        value = _template(call, service, collection).rpartition("/")[0] + f"/{value}"
    elif (
        not value.startswith(("projects/", "organizations/", "folders/", "billingAccounts/", "locations/"))
        and call.project
    ):
        value = f"projects/{call.project}/{value}"
    return call.emulator.canonical(call.emulator.profiles.get(service), value)


def _template(call: Call, service: str, collection: str) -> str:
    """The path a bare id belongs to, with project, region and zone of the call filled in."""
    parts = call.name.split("/")
    scope = "/".join(parts[2:4]) if len(parts) > 3 and parts[2] in ("regions", "zones") else "global"
    template = call.emulator.name_template(service, collection)
    filled = template.replace("{project}", call.project)
    for word in ("region", "zone"):
        filled = filled.replace(f"{{{word}}}", scope.rpartition("/")[2])
    return filled


def _dangling(call: Call, path: str, value: str, collection: str) -> ApiError:
    noun = collection.rpartition(".")[2].removesuffix("s")
    if call.profile.style == "compute":
        return invalid(
            f"Invalid value for field 'resource.{path}': '{value}'. The referenced {noun} resource cannot be found.",
            location=path,
        )
    return call.missing_reference(value)


def refusal_while_used(call: Call, name: str) -> ApiError | None:
    """400 resourceInUseByAnotherResource while another live resource points to `name`, else None."""
    users = [user for _, user in call.store.users(call.service, name) if user != name]
    if not users:
        return None
    return in_use(f"The {call.resource_type.noun} resource '{name}' is already being used by '{users[0]}'")
