"""Cloud KMS: key rings, keys and their versions. Rings and keys are for ever here, as they long were at Google."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import failed_precondition
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.keys import encryption, keys, versions

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_RINGS = "projects.locations.keyRings"


def _kept_for_ever(call: Call) -> Body:
    """What holds anything cannot go, and a ring, a key or a version that was once used always does."""
    stored = call.stored()
    raise failed_precondition(f"{stored.name} cannot be deleted; destroy the versions of its keys instead.")


PROFILE = Profile(
    api="cloudkms",
    permissions={
        f"{keys.COLLECTION}.encrypt": ("cloudkms.cryptoKeyVersions.useToEncrypt",),
        f"{keys.COLLECTION}.decrypt": ("cloudkms.cryptoKeyVersions.useToDecrypt",),
        f"{keys.COLLECTION}.updatePrimaryVersion": ("cloudkms.cryptoKeys.update",),
    },
    types=(
        ResourceType(
            _RINGS,
            label="KeyRing",
            id_pattern=r"[a-zA-Z0-9_-]{1,63}",
            not_found="KeyRing {name} not found.",
            exists="KeyRing {name} already exists.",
        ),
        keys.TYPE,
        versions.TYPE,
    ),
    methods={
        **keys.METHODS,
        **versions.METHODS,
        **encryption.METHODS,
        f"{_RINGS}.delete": _kept_for_ever,
        f"{keys.COLLECTION}.delete": _kept_for_ever,
        f"{versions.COLLECTION}.delete": _kept_for_ever,
    },
)
