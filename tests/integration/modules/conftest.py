"""The local cloud that the modules are run against."""

from __future__ import annotations

from tests.local_cloud import clean_cloud, cloud

__all__ = ["clean_cloud", "cloud"]
