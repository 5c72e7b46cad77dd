"""Which providers this package stands in for, and that it is a stand-in."""

from __future__ import annotations

from typing import Final

KIND: Final = "stand-in"
MIRRORED_PROVIDER: Final = "hashicorp/google"
MIRRORED_VERSION: Final = "7.45.0"
ATLAS_PROVIDER: Final = "mongodb/mongodbatlas"
ATLAS_VERSION: Final = "2.16.0"
