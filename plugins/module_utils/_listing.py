"""PRIVATE to the collection: what the `_info` modules read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._bucket import HOST as STORAGE
from ._client import Client, segment
from ._cloud_run import HOST as CLOUD_RUN
from ._cloud_run import normal
from ._project import find_project
from ._quota_preference import HOST as QUOTAS
from ._quota_preference import location, quota_infos
from ._resource import PROJECTS
from ._service_account import HOST as IAM
from ._services import enabled_services


def list_projects(module: AnsibleModule) -> dict[str, Any]:
    """`projects`: one by id, those of a parent, or those a query finds."""
    params: Mapping[str, Any] = module.params
    client = Client.from_params(params)
    if params.get("project_id"):
        found = find_project(client, params["project_id"])
        return {"projects": [found] if found else []}
    if params.get("parent"):
        query = {"parent": params["parent"]}
        return {"projects": list(client.items(PROJECTS, "/v3/projects", "projects", query=query))}
    query = {"query": params.get("query") or None}
    return {"projects": list(client.items(PROJECTS, "/v3/projects:search", "projects", query=query))}


def list_services(module: AnsibleModule) -> dict[str, Any]:
    """`services`: names of the enabled ones."""
    return {"services": enabled_services(Client.from_params(module.params), module.params["project"])}


def list_buckets(module: AnsibleModule) -> dict[str, Any]:
    """`buckets`: one by name, or a project's."""
    client = Client.from_params(module.params)
    if name := module.params.get("name"):
        found = client.find(STORAGE, f"/storage/v1/b/{segment(name)}")
        return {"buckets": [found] if found else []}
    query = {"project": module.params["project"], "prefix": module.params.get("prefix")}
    return {"buckets": list(client.items(STORAGE, "/storage/v1/b", "items", query=query))}


def list_service_accounts(module: AnsibleModule) -> dict[str, Any]:
    """`service_accounts`: one by e-mail address, or a project's."""
    client = Client.from_params(module.params)
    collection = f"/v1/projects/{segment(module.params['project'])}/serviceAccounts"
    if email := module.params.get("email"):
        found = client.find(IAM, f"{collection}/{segment(email)}")
        return {"service_accounts": [found] if found else []}
    return {"service_accounts": list(client.items(IAM, collection, "accounts", query={"pageSize": 100}))}


def list_cloud_run_services(module: AnsibleModule) -> dict[str, Any]:
    """`services`: one by name, or a region's, in the normal form of the module `cloud_run_service`."""
    params = module.params
    client = Client.from_params(params)
    collection = f"/v2/projects/{segment(params['project'])}/locations/{segment(params['location'])}/services"
    if name := params.get("name"):
        found = client.find(CLOUD_RUN, f"{collection}/{segment(name)}")
        return {"services": [normal(found)] if found else []}
    return {"services": [normal(found) for found in client.items(CLOUD_RUN, collection, "services")]}


def list_quota_preferences(module: AnsibleModule) -> dict[str, Any]:
    """`quota_preferences` of a project and, for a service, its `quotas`."""
    client = Client.from_params(module.params)
    project = str(module.params["project"])
    path = f"{location(project)}/quotaPreferences"
    preferences = list(client.items(QUOTAS, path, "quotaPreferences", query={"pageSize": 100}))
    service = module.params.get("service")
    if not service:
        return {"quota_preferences": preferences}
    return {
        "quota_preferences": [item for item in preferences if item.get("service") == service],
        "quotas": quota_infos(client, project, service),
    }
