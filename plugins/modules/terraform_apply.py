#!/usr/bin/python
"""Apply a saved Terraform plan whose hash is known."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_apply
short_description: Apply a saved Terraform plan whose hash is known
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Applies the plan that was examined and nothing else. A file with another hash, a plan of another run, a stale
    plan and
    a plan that O(policy) refuses are not applied.
  - Shows each resource with its action, its time and its place in the whole while it works.
  - Removes the plan file afterwards, whatever came of it, since it holds values.
  - When it is interrupted, terraform finishes calls under way, saves the state and gives back its lock. When the
    machine
    or the process is killed, the lock stays; the next run finds a note of who took it, and
    M(presidential_digs.platform.terraform_unlock) can tell that nobody holds it any more.
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform.saved_plan
  - presidential_digs.platform.terraform.policy
  - presidential_digs.platform.terraform.run
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_terraform
attributes:
  check_mode:
    description: Examines plan and policy and returns what applying would change.
  diff_mode:
    description: Returns what changes in each resource, by address, with secrets hidden.
  idempotent:
    description: A plan can be applied once. Plan again to see that nothing is left to do.
"""

EXAMPLES = r"""
- name: Apply the plan of the network
  presidential_digs.platform.terraform_apply:
    plan_file: "{{ network_plan.plan_file }}"
    plan_sha256: "{{ network_plan.plan_sha256 }}"
    policy:
      deny: [delete, replace]
  when: not network_plan.empty
"""

RETURN = r"""
changes:
  description: How many resources were created, updated, replaced and deleted; on failure, until then.
  returned: when terraform was started, and in check mode
  type: dict
  sample: {create: 2, update: 1, replace: 0, delete: 0}
applied:
  description: The steps that terraform took, in their order; a replacement is two.
  returned: when terraform was started
  type: list
  elements: dict
  sample: [{address: google_compute_network.this, action: create, seconds: 11}]
outputs:
  description: The outputs after the apply, sensitive ones masked.
  returned: success
  type: dict
  sample: {network_id: {value: projects/p/global/networks/crm, sensitive: false}}
output_values:
  description: The plain values of the outputs that are not sensitive.
  returned: success
  type: dict
  sample: {network_id: projects/p/global/networks/crm}
provider:
  description: The provider that made the changes.
  returned: when terraform was started
  type: dict
  sample: {kind: registry, source: registry.terraform.io/hashicorp/google, version: 7.45.0}
root:
  description: Name of the root.
  returned: success
  type: str
  sample: network
refused:
  description: What the policy refuses, as in M(presidential_digs.platform.terraform_policy).
  returned: when the reason of RV(failure) is V(PLAN_REFUSED)
  type: list
  elements: dict
  sample:
    - what: delete google_compute_subnetwork.private
      why: "google_compute_subnetwork.private would be destroyed; rule 'deny: delete'"
failure:
  description:
    - Why the plan was not applied, or not wholly, for example V(STALE_PLAN), V(PLAN_UNKNOWN) or Google's reason.
  returned: failure
  type: dict
  sample:
    reason: STALE_PLAN
    status: null
    message: "Saved plan is stale."
    hint: "Another run changed the state after this plan was made: plan again and apply the new plan."
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._spec import argument_spec
from ..module_utils._terraform_applying import apply_plan
from ..module_utils._terraform_command import heeding_signals
from ..module_utils._terraform_spec import POLICY_SPEC, RUN_SPEC, SAVED_PLAN_SPEC


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Apply the plan that the task names."""
    module = module_class(
        argument_spec=argument_spec(**SAVED_PLAN_SPEC, **RUN_SPEC, policy=POLICY_SPEC),
        supports_check_mode=True,
    )
    run(module, heeding_signals(lambda given: apply_plan(given.params, given.check_mode, given.warn, given.log)))


if __name__ == "__main__":
    main()
