"""Artifact Registry: repositories and their settings, and the images, packages, versions and tags that were pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.profile import Body, Profile
from local_cloud.emulator.profiles.artifacts import cleanup, contents, images, repositories, settings

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Request

HOST = "artifactregistry.googleapis.com"


def _daily(emulator: Emulator, request: Request) -> None:
    """Cleanup policies are applied once a day of the cloud's clock, before anybody looks."""
    if request.host == HOST:
        cleanup.run_daily(emulator)


def _operation_metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    return {"@type": "type.googleapis.com/google.devtools.artifactregistry.v1.OperationMetadata"}


PROFILE = Profile(
    api="artifactregistry",
    type_url="google.devtools.artifactregistry.v1",
    canonical_name=contents.canonical_name,
    operation_metadata=_operation_metadata,
    raw=_daily,
    types=(repositories.TYPE, *contents.TYPES, images.TYPE),
    methods={**contents.METHODS, **images.METHODS, **settings.METHODS},
    permissions={
        "projects.getProjectSettings": ("artifactregistry.projectsettings.get",),
        "projects.updateProjectSettings": ("artifactregistry.projectsettings.update",),
        "projects.locations.get": ("artifactregistry.locations.get",),
        "projects.locations.list": ("artifactregistry.locations.list",),
        "projects.locations.repositories.packages.patch": ("artifactregistry.packages.update",),
        "projects.locations.repositories.packages.versions.patch": ("artifactregistry.versions.update",),
        "projects.locations.repositories.packages.versions.batchDelete": ("artifactregistry.versions.delete",),
    },
    permission_nouns={images.COLLECTION: "dockerimages"},
    # What the registry protocol asks for (local_cloud/registry).
    extra_permissions=(
        "artifactregistry.repositories.deleteArtifacts",
        "artifactregistry.repositories.downloadArtifacts",
        "artifactregistry.repositories.uploadArtifacts",
    ),
)
