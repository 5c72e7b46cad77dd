"""In check mode, what an earlier task only predicted counts as not there yet; every other refusal stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._resource import prospect
from tests.unit.modules.google_server import Reply, google_error

if TYPE_CHECKING:
    from plugins.module_utils._client import Client
    from tests.unit.modules.google_server import GoogleServer

PROJECT = "digs-crm-dev"


@pytest.mark.parametrize(
    ("project", "told"),
    [
        (google_error(403, "PERMISSION_DENIED"), "does not exist yet"),
        (Reply(404), "does not exist yet"),
        (Reply(200, {"state": "DELETE_REQUESTED"}), "waits to be deleted"),
        (Reply(200, {"state": "ACTIVE"}), ""),
    ],
    ids=["unseen", "absent", "deleted", "active"],
)
def test_a_look_that_is_refused(project: Reply, told: str, google: GoogleServer, client: Client) -> None:
    google.script = lambda _request: project

    assumed = prospect(client, PROJECT, Failure("PERMISSION_DENIED", "no", status=403))

    assert (told in assumed, bool(assumed)) == (True, bool(told))
