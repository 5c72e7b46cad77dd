"""The forward proxy: what it answers, what it refuses, and how it carries bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud


def test_a_google_api_answers_at_its_own_name(clean_cloud: LocalCloud) -> None:
    answer = clean_cloud.get("cloudresourcemanager.googleapis.com/v1/projects")
    assert (answer.status_code, answer.json()) == (200, {})
