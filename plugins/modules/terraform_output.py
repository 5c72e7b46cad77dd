#!/usr/bin/python
"""Read the outputs of a Terraform root."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_output
short_description: Read the outputs of a Terraform root
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Reads the outputs from the state. Sensitive ones are masked unless O(reveal) names them.
  - A root that was never applied has no outputs; RV(state.exists) says so.
options:
  reveal:
    description:
      - Names of sensitive outputs to return as they are. Refused unless the task has C(no_log=true).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform
  - presidential_digs.platform.terraform.state
  - presidential_digs.platform.terraform.run
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_terraform
"""

EXAMPLES = r"""
- name: Read what the network root tells others
  presidential_digs.platform.terraform_output:
    root: terraform/roots/network
    work_directory: .runs/dev/20261123T013000Z4fa1/roots/network
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
  register: network

- name: Say where the NAT sends from
  ansible.builtin.debug:
    var: network.output_values.nat_addresses
"""

RETURN = r"""
outputs:
  description: Every output by name.
  returned: success
  type: dict
  sample:
    network_id: {value: projects/p/global/networks/crm, sensitive: false}
    key: {value: (sensitive value), sensitive: true}
output_values:
  description: The plain values of the outputs that are not sensitive, and of those that O(reveal) names.
  returned: success
  type: dict
  sample: {network_id: projects/p/global/networks/crm}
state:
  description: Where the state is, and whether there is one.
  returned: success
  type: dict
  contains:
    backend:
      description: Type of the backend.
      type: str
      sample: gcs
    location:
      description: Where the backend keeps the state.
      type: str
      sample: gs://presidential-digs-crm-dev-tfstate/roots/network
    exists:
      description: Whether there is one to read. False for a root that was never applied.
      type: bool
      sample: true
failure:
  description: Why there is no answer, for example V(REVEAL_NEEDS_NO_LOG) or V(OUTPUT_UNKNOWN).
  returned: failure
  type: dict
  sample:
    reason: REVEAL_NEEDS_NO_LOG
    status: null
    message: "The outputs key would be printed by this task."
    hint: "Set no_log: true on the task that reveals them."
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._terraform_command import heeding_signals
from ..module_utils._terraform_reading import read_outputs
from ..module_utils._terraform_spec import STATE_RULES, root_argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Read the outputs of the root that the task describes."""
    module = module_class(
        argument_spec=root_argument_spec(reveal={"type": "list", "elements": "str", "default": []}),
        supports_check_mode=True,
        **STATE_RULES,
    )
    run(module, heeding_signals(lambda given: read_outputs(given.params, hidden_by_task=given.no_log)))


if __name__ == "__main__":
    main()
