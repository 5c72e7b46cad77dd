"""Which provider this package stands in for, and that it is a stand-in."""

from __future__ import annotations

from typing import Final

KIND: Final = "stand-in"
MIRRORED_PROVIDER: Final = "hashicorp/google"
MIRRORED_VERSION: Final = "7.45.0"


def meta() -> dict[str, str]:
    """`{kind, source, version}` as the run ledger records it."""
    return {"kind": KIND, "source": MIRRORED_PROVIDER, "version": MIRRORED_VERSION}
