"""A local cloud for the tests of playbooks, and the directory in which their runs are kept."""

from __future__ import annotations

from tests.local_cloud import clean_cloud, cloud

__all__ = ["clean_cloud", "cloud"]
