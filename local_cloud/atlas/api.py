"""The Atlas Admin API v2: which resource a path asks for, with which version, and what becomes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local_cloud.atlas import backups, clusters, projects
from local_cloud.atlas.asking import Asked
from local_cloud.atlas.digest import ApiKey, Digest
from local_cloud.atlas.kinds import SERVICE, Body
from local_cloud.atlas.refusals import AtlasError
from local_cloud.emulator.http import Request, Response

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.emulator.engine import Emulator

HOST = "cloud.mongodb.com"
BASE = "/api/atlas/v2"
_VERSION = re.compile(r"application/vnd\.atlas\.(\d{4}-\d{2}-\d{2})\+json")
_GROUP = r"/groups/(?P<group>[0-9a-f]{24})"
_CLUSTER = rf"{_GROUP}/clusters/(?P<cluster>[^/]+)"

Handler = Callable[["Asked"], "Body | list[Body] | None"]

# (method, path below the base) → (name as in the API's documentation, status, handler).
ROUTES: Mapping[tuple[str, str], tuple[str, int, Handler]] = {
    ("GET", "/orgs"): ("listOrganizations", 200, projects.list_organisations),
    ("GET", "/groups"): ("listProjects", 200, projects.list_groups),
    ("POST", "/groups"): ("createProject", 201, projects.create_group),
    ("GET", r"/groups/byName/(?P<name>[^/]+)"): ("getProjectByName", 200, projects.group_by_name),
    ("GET", _GROUP): ("getProject", 200, projects.get_group),
    ("PATCH", _GROUP): ("updateProject", 200, projects.update_group),
    ("DELETE", _GROUP): ("deleteProject", 204, projects.delete_group),
    ("GET", f"{_GROUP}/settings"): ("getProjectSettings", 200, projects.get_settings),
    ("PATCH", f"{_GROUP}/settings"): ("updateProjectSettings", 200, projects.update_settings),
    ("GET", f"{_GROUP}/databaseUsers"): ("listDatabaseUsers", 200, projects.list_users),
    ("POST", f"{_GROUP}/databaseUsers"): ("createDatabaseUser", 201, projects.create_user),
    ("GET", rf"{_GROUP}/databaseUsers/(?P<database>[^/]+)/(?P<user>[^/]+)"): (
        "getDatabaseUser",
        200,
        projects.get_user,
    ),
    ("PATCH", rf"{_GROUP}/databaseUsers/(?P<database>[^/]+)/(?P<user>[^/]+)"): (
        "updateDatabaseUser",
        200,
        projects.update_user,
    ),
    ("DELETE", rf"{_GROUP}/databaseUsers/(?P<database>[^/]+)/(?P<user>[^/]+)"): (
        "deleteDatabaseUser",
        204,
        projects.delete_user,
    ),
    ("GET", f"{_GROUP}/accessList"): ("listProjectIpAccessLists", 200, projects.list_entries),
    ("POST", f"{_GROUP}/accessList"): ("createProjectIpAccessList", 201, projects.create_entries),
    ("GET", rf"{_GROUP}/accessList/(?P<entry>[^/]+)"): ("getProjectIpList", 200, projects.get_entry),
    ("DELETE", rf"{_GROUP}/accessList/(?P<entry>[^/]+)"): ("deleteProjectIpAccessList", 204, projects.delete_entry),
    ("GET", f"{_GROUP}/clusters"): ("listClusters", 200, clusters.list_clusters),
    ("POST", f"{_GROUP}/clusters"): ("createCluster", 201, clusters.create),
    ("GET", _CLUSTER): ("getCluster", 200, clusters.get),
    ("PATCH", _CLUSTER): ("updateCluster", 200, clusters.update),
    ("DELETE", _CLUSTER): ("deleteCluster", 202, clusters.delete),
    ("GET", f"{_CLUSTER}/backup/schedule"): ("getBackupSchedule", 200, backups.get_schedule),
    ("PATCH", f"{_CLUSTER}/backup/schedule"): ("updateBackupSchedule", 200, backups.update_schedule),
    ("DELETE", f"{_CLUSTER}/backup/schedule"): ("deleteAllBackupSchedules", 200, backups.delete_schedule),
    ("GET", f"{_CLUSTER}/backup/snapshots"): ("listReplicaSetBackups", 200, backups.list_snapshots),
    ("POST", f"{_CLUSTER}/backup/snapshots"): ("takeSnapshot", 200, backups.take),
    ("GET", rf"{_CLUSTER}/backup/snapshots/(?P<id>[0-9a-f]{{24}})"): (
        "getReplicaSetBackup",
        200,
        backups.get_snapshot,
    ),
    ("DELETE", rf"{_CLUSTER}/backup/snapshots/(?P<id>[0-9a-f]{{24}})"): (
        "deleteReplicaSetBackup",
        204,
        backups.delete_snapshot,
    ),
    ("GET", f"{_CLUSTER}/backup/restoreJobs"): ("listBackupRestoreJobs", 200, backups.list_restores),
    ("POST", f"{_CLUSTER}/backup/restoreJobs"): ("createBackupRestoreJob", 200, backups.restore),
    ("GET", rf"{_CLUSTER}/backup/restoreJobs/(?P<id>[0-9a-f]{{24}})"): (
        "getBackupRestoreJob",
        200,
        backups.get_restore,
    ),
}
_COMPILED = [(method, re.compile(path), *found) for (method, path), found in ROUTES.items()]


@dataclass(frozen=True)
class _Found:
    name: str
    status: int
    handler: Handler
    parts: Mapping[str, str]


class Atlas:
    """Answers for `cloud.mongodb.com`, over the emulator's store."""

    def __init__(self, key_file: Path, emulator: Callable[[], Emulator]) -> None:
        """The API key is kept in `key_file`; `emulator` gives the current one."""
        self.key = ApiKey.open(key_file)
        self._digest = Digest(self.key)
        self._emulator = emulator

    def addressed(self, request: Request) -> tuple[str, str]:
        """(method id, resource) in the words of fault rules and the journal; empty outside the API."""
        found = _find(request)
        path = unquote(request.path.removeprefix(BASE)).strip("/")
        return (f"atlas.{found.name}" if found else "", path)

    def handle(self, request: Request) -> Response:
        """The answer; a refusal leaves no trace."""
        if not self._digest.accepts(request):
            error = AtlasError(401, "USER_UNAUTHORIZED", "You are not authorized for this resource.")
            return error.response({"WWW-Authenticate": self._digest.challenge()})
        try:
            version = _version(request)
            found = _find(request)
            if found is None:
                raise AtlasError(
                    501, "UNIMPLEMENTED", f"The local cloud does not implement {request.method} {request.path}."
                )
            emulator = self._emulator()
            with emulator.store.transaction():
                body = found.handler(_asked(emulator, request, found.parts))
        except AtlasError as error:
            return error.response()
        headers = {"Content-Type": f"application/vnd.atlas.{version}+json"}
        if body is None:
            return Response.json(202, {}, headers) if found.status == 202 else Response.empty(found.status)
        answer: Any = {"links": [], "results": body, "totalCount": len(body)} if isinstance(body, list) else body
        return Response.json(found.status, answer, headers, pretty=False)


def _find(request: Request) -> _Found | None:
    path = request.path.removeprefix(BASE)
    if path == request.path:
        return None
    for method, pattern, name, status, handler in _COMPILED:
        match = pattern.fullmatch(path) if method == request.method else None
        if match:
            return _Found(name, status, handler, {key: unquote(value) for key, value in match.groupdict().items()})
    return None


def _version(request: Request) -> str:
    """The dated version that the client accepts; AtlasError 406 without one."""
    match = _VERSION.search(request.headers.get("accept", ""))
    if match is None:
        detail = "Accept must name a version, such as application/vnd.atlas.2024-08-05+json."
        raise AtlasError(406, "INVALID_VERSION_DATE", detail)
    return match[1]


def _asked(emulator: Emulator, request: Request, parts: Mapping[str, str]) -> Asked:
    try:
        body = json.loads(request.body) if request.body else {}
    except ValueError as error:
        raise AtlasError(400, "MALFORMED_JSON", f"Received JSON is malformed: {error}.") from error
    return Asked(emulator.store, emulator.clock.now(), parts, body)


__all__ = ["HOST", "SERVICE", "Atlas"]
