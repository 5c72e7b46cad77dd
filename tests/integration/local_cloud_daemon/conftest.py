"""Fixtures of the daemon's integration tests."""

from __future__ import annotations

from tests.local_cloud import clean_cloud, cloud

__all__ = ["clean_cloud", "cloud"]
