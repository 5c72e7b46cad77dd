"""PRIVATE to the collection: secrets as a rollout reads them: the newest version of each, and its payload."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ._client import Client, segment
from ._failure import Failure
from ._progress import report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible.module_utils.basic import AnsibleModule

HOST = "secretmanager.googleapis.com"


def read_secret_versions(module: AnsibleModule) -> dict[str, Any]:
    """`versions`: number of the version by secret, and with `with_values` the payloads as `secret_values`.

    Raises Failure naming every secret that has no version which can be read.
    """
    params: Mapping[str, Any] = module.params
    client = Client.from_params(params)
    versions: dict[str, str] = {}
    payloads: dict[str, str] = {}
    missing: list[str] = []
    for index, name in enumerate(params["secrets"]):
        report(name, "secret", done=index, total=len(params["secrets"]))
        path = (
            f"/v1/projects/{segment(params['project'])}/secrets/{segment(name)}/versions/{segment(params['version'])}"
        )
        try:
            found = client.get(HOST, f"{path}:access" if params["with_values"] else path)
        except Failure as failure:
            if failure.status == 404 or failure.reason == "FAILED_PRECONDITION":
                missing.append(name)
                continue
            raise
        versions[name] = found["name"].rpartition("/")[2]
        if params["with_values"]:
            payloads[name] = _text(name, found["payload"]["data"])
        elif found.get("state") != "ENABLED":
            missing.append(name)
    if missing:
        raise _without_version(params, missing)
    return {"versions": versions, **({"secret_values": payloads} if params["with_values"] else {})}


def _text(name: str, data: str) -> str:
    try:
        return base64.b64decode(data).decode()
    except UnicodeDecodeError:
        raise Failure(
            "INVALID_PAYLOAD",
            f"The payload of secret {name} is no UTF-8 text.",
            hint="A value for the environment of a container must be text; encode it, for example as base64.",
        ) from None


def _without_version(params: Mapping[str, Any], missing: list[str]) -> Failure:
    names = ", ".join(missing)
    command = f"gcloud secrets versions add {missing[0]} --project={params['project']} --data-file=-"
    return Failure(
        "SECRET_WITHOUT_VERSION",
        f"No version {params['version']} that can be read in project {params['project']}: {names}.",
        status=404,
        hint=f"Give it a value with: {command}",
        facts={"missing": missing},
    )
