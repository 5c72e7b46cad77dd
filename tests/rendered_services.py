"""The manifests that the inventory renders for a service, by Ansible's own reading of inventory and role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from plugins.filter.merge_patch import merge_patch
from tests.ansible_runs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ROLE = ROOT / "roles" / "service"
LOCAL = ROOT / "inventories" / "local"
DIGEST = f"sha256:{'0' * 64}"


def read_host(inventory: Path, host: str) -> tuple[dict[str, Any], Templar]:
    """A host's raw variables and an engine that renders them."""
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(inventory)])
    variables = VariableManager(loader=loader, inventory=manager)
    # What a variable of all hosts' variables is rendered from.
    HostVars(manager, variables, loader)
    raw = variables.get_vars(host=manager.get_host(host))
    return raw, Templar(loader=loader, variables=raw)


def catalog() -> dict[str, Any]:
    """The services of the environment local by name."""
    raw, templar = read_host(LOCAL, "project")
    found: dict[str, Any] = templar.template(raw["platform_service_catalog"])
    return found


def rendered(name: str, **overrides: Any) -> list[dict[str, Any]]:
    """The manifests of service `name` of the environment local, with what it has otherwise."""
    raw, templar = read_host(LOCAL, name)
    own = {
        file: yaml.safe_load((ROLE / file / "main.yml").read_text(encoding="utf-8")) for file in ("defaults", "vars")
    }
    variables = {
        **_trusted(own["defaults"]),
        **raw,
        **_trusted(own["vars"]),
        "image_reference": f"r.example/i@{DIGEST}",
    }
    service = templar.template(raw["platform_service"])
    variables["platform_service"] = merge_patch(service, overrides)
    variables["service_secret_versions"] = {
        secret: f"projects/p/secrets/{secret}/versions/1" for secret in service.get("secrets", {}).values()
    }
    templar.available_variables = variables
    text = (ROLE / "templates" / "manifests.yml.j2").read_text(encoding="utf-8")
    return [one for one in yaml.safe_load_all(templar.template(trust_as_template(text))) if one]


def _trusted(value: Any) -> Any:
    """Texts of a role as Ansible has them when it read them itself: templates."""
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value
