"""The Kubernetes versions this cloud has: the one whose programs tools/tools.yml pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import invalid

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

KUBERNETES = "1.35.4"
VERSION = f"{KUBERNETES}-gke.1000000"
# The image of its nodes, whose files here are this machine's.
IMAGE = f"gke-{KUBERNETES.replace('.', '')}-gke1000000-cos"
# What clusters may have.
OFFERED: list[str] = [VERSION]
CHANNELS = ("RAPID", "REGULAR", "STABLE", "EXTENDED")
IMAGE_TYPES = ("COS_CONTAINERD", "UBUNTU_CONTAINERD", "WINDOWS_LTSC_CONTAINERD")
# Words for whatever version there is (https://cloud.google.com/kubernetes-engine/versioning#specifying_cluster_version).
_ANY = ("", "-", "latest")


def chosen(wanted: str, field: str) -> str:
    """The version that `wanted` means (an alias or a whole version); ApiError 400 for one that this cloud has not."""
    for version in OFFERED:
        if wanted in _ANY or version == wanted or version.startswith((f"{wanted}.", f"{wanted}-")):
            return version
    raise invalid(
        f'{field} "{wanted}" is unsupported: the local cloud has {VERSION} (tools/tools.yml pins the programs).'
    )


def server_config(call: Call) -> dict[str, Any]:
    """The answer to `getServerConfig`."""
    return {
        "defaultClusterVersion": VERSION,
        "validNodeVersions": [VERSION],
        "validMasterVersions": [VERSION],
        "defaultImageType": IMAGE_TYPES[0],
        "validImageTypes": list(IMAGE_TYPES),
        "channels": [
            {"channel": channel, "defaultVersion": VERSION, "validVersions": [VERSION]} for channel in CHANNELS
        ],
    }
