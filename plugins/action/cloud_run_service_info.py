"""Run the module `cloud_run_service_info` inside the task worker."""

from __future__ import annotations

from ..plugin_utils.in_worker import action_for

ActionModule = action_for(__name__)
