"""A local cloud of its own for every file, and one finished site that others are held against."""

from __future__ import annotations

from tests.local_cloud import clean_cloud, cloud

__all__ = ["clean_cloud", "cloud"]
