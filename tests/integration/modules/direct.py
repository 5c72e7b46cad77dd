"""Run a module in this process against a local cloud: what ansible-playbook would do, without its two seconds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_cloud import LocalCloud


def run_module(cloud: LocalCloud, name: str, arguments: Mapping[str, Any], *, check: bool = False) -> dict[str, Any]:
    """The result of one module with the owner's token."""
    results: list[dict[str, Any]] = []
    given = {
        "access_token": cloud.token,
        "proxy": cloud.env["HTTPS_PROXY"],
        "ca_certificates": cloud.env["SSL_CERT_FILE"],
        "retry_timeout": 30,
        **arguments,
        "_ansible_check_mode": check,
        "_ansible_module_name": name,
        "_ansible_no_log": True,
    }

    class Direct(AnsibleModule):  # type: ignore[misc]
        def _load_params(self) -> None:
            self.params = given

        def _record_module_result(self, o: dict[str, Any]) -> None:
            results.append(o)

    try:
        import_module(f"plugins.modules.{name}").main(Direct)
    except SystemExit:
        return results[-1]
    raise AssertionError(f"{name} did not end")
