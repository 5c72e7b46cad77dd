#!/usr/bin/python
"""Say what changed outside of Terraform in a root, as data."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_drift
short_description: Say what changed outside of Terraform in a root
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Makes a refresh-only plan and returns the resources that differ from the state, with every sensitive value masked.
  - Leaves out what means nothing, an empty value where none was set, and what no configuration can set, such as a
    fingerprint.
  - Changes nothing and writes nothing but the state lock while it runs. To take the differences into the state, plan
    with
    O(presidential_digs.platform.terraform_plan#module:refresh_only=true); to undo them, plan and apply as usual.
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform
  - presidential_digs.platform.terraform.state
  - presidential_digs.platform.terraform.run
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_terraform
attributes:
  check_mode:
    description: Returns the same, and does not take the state lock, since that would write to the bucket.
  diff_mode:
    description: Returns what the state remembers and what is, by address, with secrets hidden.
"""

EXAMPLES = r"""
- name: Look for changes that somebody made by hand
  presidential_digs.platform.terraform_drift:
    root: terraform/roots/network
    work_directory: .runs/dev/20261123T013000Z4fa1/roots/network
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
    variables: "{{ terraform_root_variables }}"
  register: network_drift
"""

RETURN = r"""
drifted:
  description: Whether anything differs.
  returned: success
  type: bool
  sample: true
drift:
  description:
    - The resources that differ, in the shape of RV(presidential_digs.platform.terraform_plan#module:changes).
  returned: success
  type: list
  elements: dict
  sample:
    - address: google_compute_firewall.deny
      type: google_compute_firewall
      action: update
      actions: [update]
      before: {disabled: false}
      after: {disabled: true}
      replace_paths: []
      provider: registry.terraform.io/hashicorp/google
      reason: null
      previous_address: null
      importing: false
verdicts:
  description: The same for the report, V(pass) without drift, V(fail) with, V(no-evidence) when there is no state.
  returned: success
  type: list
  elements: dict
  sample: [{name: network is as Terraform left it, verdict: fail, evidence: google_compute_firewall.deny (disabled)}]
state:
  description: Where the state is, and whether there is one.
  returned: success
  type: dict
  sample: {backend: gcs, location: gs://presidential-digs-crm-dev-tfstate/roots/network, exists: true}
provider:
  description: The provider that looked.
  returned: success
  type: dict
  sample: {kind: registry, source: registry.terraform.io/hashicorp/google, version: 7.45.0}
terraform:
  description: The binary that looked.
  returned: success
  type: dict
  sample: {name: terraform, version: 1.11.4}
root:
  description: Name of the root.
  returned: success
  type: str
  sample: network
failure:
  description: Why there is no answer, as in M(presidential_digs.platform.terraform_plan).
  returned: failure
  type: dict
  sample:
    reason: INVALID_VARIABLE
    status: null
    message: "Invalid value for variable: size must be below 100"
    hint: "Mend the value in the inventory."
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._terraform_command import heeding_signals
from ..module_utils._terraform_planning import find_drift
from ..module_utils._terraform_spec import STATE_RULES, root_argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Look for drift in the root that the task describes."""
    module = module_class(argument_spec=root_argument_spec(), supports_check_mode=True, **STATE_RULES)
    run(module, heeding_signals(lambda given: find_drift(given.params, given.check_mode, given.warn)))


if __name__ == "__main__":
    main()
