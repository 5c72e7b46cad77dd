"""Methods of the form `setX`: one field of a stored resource takes the value of one field of the request."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.paths import remove_path, set_path

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body, Handler


def setter(request_field: str, field: str) -> Handler:
    """A handler that puts `request_field` of the body at `field` of the resource; nothing given takes it away."""

    def handle(call: Call) -> Body | Response:
        stored = call.stored(_resource(call.name))
        body = copy.deepcopy(stored.body)
        given = call.body.get(request_field)
        if given:
            set_path(body, field, given)
        else:
            remove_path(body, field)
        kept = verbs.keep(call, stored.name, body, stored)
        return verbs.respond(call, kept.name, call.method.verb, kept)

    return handle


def _resource(name: str) -> str:
    """The name of a global resource whose setter leaves `global` out: `projects/p/targetHttpProxies/x`."""
    parts = name.split("/")
    return "/".join((*parts[:2], "global", *parts[2:])) if len(parts) == 4 else name
