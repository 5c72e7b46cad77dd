"""The first gate: the project is there and has the API enabled, or Google's own 403."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError, not_found

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_SERVICE_ACCOUNT = re.compile(r"@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com$")


def require_enabled(call: Call) -> None:
    """ApiError when the project is missing or deleted (403, or 404 from Compute) or the API is not enabled in it (403
    SERVICE_DISABLED)."""
    if call.profile.enablement == "always":
        return
    project = consumer_of(call)
    if not project:
        return
    stored = call.store.get("cloudresourcemanager", f"projects/{project}")
    if stored is None or stored.body.get("state") != "ACTIVE":
        raise _no_project(call, project)
    service = f"{call.service}.googleapis.com"
    state = call.store.get("serviceusage", f"projects/{project}/services/{service}")
    if state is None or state.body.get("state") != "ENABLED":
        raise service_disabled(call, project, service)


def consumer_of(call: Call) -> str:
    """The project whose enablement and quota count: the one in the path, else the quota project, else the service
    account's own; empty for a user without one."""
    if call.profile.enablement == "resource" and call.project:
        return call.project
    header = call.request.headers.get("x-goog-user-project", "")
    if header:
        return call.emulator.project_id(header) or header
    principal = call.request.principal
    match = _SERVICE_ACCOUNT.search(principal.email or "") if principal else None
    return match["project"] if match else ""


def service_disabled(call: Call, project: str, service: str) -> ApiError:
    """403 SERVICE_DISABLED in Google's words."""
    number = call.emulator.project_number(project) or project
    title = call.document.content.get("title", service)
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
    message = (
        f"{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then"
        " retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and"
        " retry."
    )
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": f"projects/{number}", "serviceTitle": title, "activationUrl": url},
    }
    return ApiError(403, message, reason="accessNotConfigured", details=(detail,))


def _no_project(call: Call, project: str) -> ApiError:
    if call.profile.style == "compute":
        return not_found(f"The resource 'projects/{project}' was not found")
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "CONSUMER_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": f"{call.service}.googleapis.com", "consumer": f"projects/{project}"},
    }
    return ApiError(403, f"Permission denied on resource project {project}.", details=(detail,))
