"""Cloud Run: services and their revisions, with the permission to invoke them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import failed_precondition
from local_cloud.emulator.profile import Body, Profile, ResourceType, Run
from local_cloud.emulator.profiles.cloud_run_services import services

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response


def _delete_revision(call: Call) -> Body | Response:
    """A revision that gets traffic, or is the newest one, stays."""
    service = call.stored(call.name.partition("/revisions/")[0])
    if call.name in (service.body.get("latestCreatedRevision"), service.body.get("latestReadyRevision")):
        raise failed_precondition(
            f"The revision '{call.name}' is the latest of its service and cannot be deleted directly."
        )
    own = call.name.rpartition("/")[2]
    if own in [target.get("revision") for target in service.body.get("traffic", []) if target.get("percent")]:
        raise failed_precondition(f"The revision '{call.name}' cannot be deleted while it serves traffic.")
    return verbs.delete(call)


def _metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    """The operation shows the resource itself."""
    stored = call.store.get("run", target)
    shown = result or (stored.body if stored else call.memory.get("deleted", {}))
    return {"@type": f"type.googleapis.com/google.cloud.run.v2.{_noun(target)}", **shown}


def _noun(target: str) -> str:
    return "Revision" if "/revisions/" in target else "Service"


def _delete_service(call: Call) -> Body | Response:
    call.memory |= {"deleted": call.stored().body, "response_type": "Service"}
    return verbs.delete(call)


def _typed(verb: verbs.Verb) -> verbs.Verb:
    """`verb` whose operation names the type as Cloud Run does, without the discovery document's prefix."""

    def handle(call: Call) -> Body | Response:
        call.memory["response_type"] = "Service"
        return verb(call)

    return handle


PROFILE = Profile(
    api="run",
    versions=("v2",),
    type_url="google.cloud.run.v2",
    operation_metadata=_metadata,
    permission_nouns={services.REVISIONS: "revisions"},
    types=(
        ResourceType(
            services.SERVICES,
            id_pattern=r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?",
            check=services.check,
            before_write=services.finish,
            run=Run(
                settled=services.settled, stopping={"reconciling": True, "deleteTime": lambda call, body: call.stamp()}
            ),
            not_found='service "{name}" not found',
            exists="Resource '{id}' already exists.",
        ),
        ResourceType(services.REVISIONS, not_found='revision "{name}" not found'),
    ),
    methods={
        f"{services.SERVICES}.create": _typed(verbs.create),
        f"{services.SERVICES}.patch": _typed(verbs.update),
        f"{services.SERVICES}.delete": _delete_service,
        f"{services.REVISIONS}.delete": _delete_revision,
    },
    extra_permissions=("run.routes.invoke",),
)
