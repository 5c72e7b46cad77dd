#!/usr/bin/python
"""Hold a saved Terraform plan against a policy."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_policy
short_description: Hold a saved Terraform plan against a policy
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Fails when the plan takes an action that the policy denies, on an address that it does not except.
  - Reads what M(presidential_digs.platform.terraform_plan) recorded and starts no terraform.
    M(presidential_digs.platform.terraform_apply) holds the plan against the same option once more.
options:
  changes:
    description:
      - The changes to judge, as M(presidential_digs.platform.terraform_plan) returned them, in place of O(plan_file).
        For check mode, in which no plan file is kept.
    type: list
    elements: dict
  plan_file:
    description: The plan file, as M(presidential_digs.platform.terraform_plan) returned it.
    type: path
  plan_sha256:
    description: The SHA-256 of the plan that was examined. Any other file is refused.
    type: str
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform.policy
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_terraform
"""

EXAMPLES = r"""
- name: Refuse to lose anything but the addresses of the NAT
  presidential_digs.platform.terraform_policy:
    plan_file: "{{ network_plan.plan_file }}"
    plan_sha256: "{{ network_plan.plan_sha256 }}"
    policy:
      deny: [delete, replace]
      allow: ["google_compute_address.nat[*]"]
      inventory_key: platform_policy.allow
"""

RETURN = r"""
refused:
  description: What the policy refuses. Empty when the module succeeds.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: Action and address.
      type: str
      sample: replace google_compute_subnetwork.private
    why:
      description: The same as a sentence, with the rule.
      type: str
      sample: "google_compute_subnetwork.private would be destroyed and created again (because ip_cidr_range cannot be
        changed in place); rule 'deny: replace'"
    hint:
      description: What would allow it.
      type: str
      sample: to allow it, add 'google_compute_subnetwork.private' to platform_policy.allow
    address:
      description: Address of the resource.
      type: str
      sample: google_compute_subnetwork.private
    action:
      description: The denied action.
      type: str
      sample: replace
    rule:
      description: The rule that denies it.
      type: str
      sample: "deny: replace"
failure:
  description: V(PLAN_REFUSED), V(PLAN_MISSING) or V(PLAN_UNKNOWN).
  returned: failure
  type: dict
  sample:
    reason: PLAN_REFUSED
    status: null
    message: "The plan policy refuses 1 of the planned changes: google_compute_subnetwork.private would be
      destroyed; rule 'deny: delete'."
    hint: "If this is meant, add to platform_policy.allow in the inventory of this environment:
      'google_compute_subnetwork.private'."
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._spec import argument_spec
from ..module_utils._terraform_applying import judge_plan
from ..module_utils._terraform_spec import POLICY_SPEC


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Judge the plan that the task names."""
    module = module_class(
        argument_spec=argument_spec(
            policy=POLICY_SPEC,
            changes={"type": "list", "elements": "dict"},
            plan_file={"type": "path"},
            plan_sha256={"type": "str"},
        ),
        supports_check_mode=True,
        mutually_exclusive=[("changes", "plan_file")],
        required_one_of=[("changes", "plan_file")],
        required_together=[("plan_file", "plan_sha256")],
    )
    run(module, lambda given: judge_plan(given.params))


if __name__ == "__main__":
    main()
