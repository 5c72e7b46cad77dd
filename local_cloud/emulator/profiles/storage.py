"""Cloud Storage: buckets, objects, uploads, IAM, and the object read at the host's root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.buckets import access, folders, objects, settings, uploads, xml_api

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call


def _anywhere_caches(call: Call) -> Body:
    """No bucket has a cache."""
    return {"kind": "storage#anywhereCaches"}


PROFILE = Profile(
    permissions=access.PERMISSIONS,
    policy_names=access.policy_names,
    api="storage",
    style="legacy",
    proto3=False,
    enablement="consumer",
    empty_status=204,
    raw=xml_api.answer,
    canonical_name=folders.canonical_name,
    types=(
        settings.TYPE,
        ResourceType("notifications", label="notification", output_only=("etag", "id", "selfLink")),
        folders.PLAIN,
        folders.MANAGED,
    ),
    methods={
        **settings.METHODS,
        **objects.METHODS,
        **access.METHODS,
        **folders.METHODS,
        "objects.insert": uploads.insert,
        "anywhereCaches.list": _anywhere_caches,
    },
)
