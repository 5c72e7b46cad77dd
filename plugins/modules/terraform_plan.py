#!/usr/bin/python
"""Plan a Terraform root and return the plan as data."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_plan
short_description: Plan a Terraform root and return the plan as data
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Copies the root into the work directory of the run, writes its variables and backend beside it, runs C(init) when
    something it depends on has changed, then C(plan).
  - Returns what would change, what drifted, and the outputs, with every sensitive value masked, in whichever module
    it
    stands; a value that is sensitive in one place is masked where it turns up in another.
  - When the bucket of the state does not exist yet, plans against an empty state and says so. Such a plan cannot be
    applied.
  - The plan file holds values, sensitive ones among them. It has mode 0600, is kept only when it can be applied, and
    M(presidential_digs.platform.terraform_apply) removes it.
  - Works with Terraform 1.11 or later and OpenTofu 1.11 or later.
options:
  destroy:
    description: Plan to destroy everything in the state.
    type: bool
    default: false
  refresh_only:
    description: Plan only to write into the state what changed outside of Terraform.
    type: bool
    default: false
  replace:
    description: Addresses of resources to destroy and create again.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform
  - presidential_digs.platform.terraform.state
  - presidential_digs.platform.terraform.run
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_terraform
attributes:
  check_mode:
    description:
      - Makes the same plan and is changed when the plan is not empty, as
        M(presidential_digs.platform.terraform_apply)
        would be.
      - Takes no state lock and makes no first state, since both would write to the bucket, and keeps no plan file.
  diff_mode:
    description: Returns what changes in each resource, by address, with secrets hidden.
  idempotent:
    description: Planning changes nothing; without check mode the module is never changed.
seealso:
  - module: presidential_digs.platform.terraform_policy
  - module: presidential_digs.platform.terraform_apply
"""

EXAMPLES = r"""
- name: Plan the network
  presidential_digs.platform.terraform_plan:
    root: terraform/roots/network
    work_directory: .runs/dev/20261123T013000Z4fa1/roots/network
    cache_directory: .runs/dev/cache
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
    variables:
      project_id: presidential-digs-crm-dev
      region: us-central1
  register: network_plan

- name: Plan to destroy it, after a pass that applied protect=false
  presidential_digs.platform.terraform_plan:
    root: terraform/roots/network
    work_directory: .runs/dev/20261123T013000Z4fa1/roots/network
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
    variables: "{{ terraform_root_variables }}"
    protect: false
    destroy: true
"""

RETURN = r"""
summary:
  description: How many resources get each action.
  returned: success
  type: dict
  sample: {create: 2, update: 1, replace: 0, delete: 0, forget: 0, read: 0, no_op: 14}
empty:
  description: Whether applying the plan would change nothing, neither a resource nor an output.
  returned: success
  type: bool
  sample: false
changes:
  description: The resources that change, with only what changes in them.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: Address of the resource.
      type: str
      sample: module.vpc.google_compute_subnetwork.this["private"]
    type:
      description: Type of the resource.
      type: str
      sample: google_compute_subnetwork
    action:
      description: What happens, in one word.
      type: str
      sample: replace
    actions:
      description: What happens, as Terraform lists it.
      type: list
      elements: str
      sample: [delete, create]
    before:
      description: The attributes that change, as they are. Null for a resource that is created.
      type: dict
      sample: {ip_cidr_range: 10.8.0.0/20}
    after:
      description: The same as they will be. Null for a resource that is destroyed.
      type: dict
      sample: {ip_cidr_range: 10.8.0.0/19}
    replace_paths:
      description: The attributes that cannot change in place.
      type: list
      elements: str
      sample: ["ip_cidr_range"]
    reason:
      description: Why Terraform chose the action, where it says.
      type: str
      sample: replace_because_cannot_update
    provider:
      description: Source of the provider.
      type: str
      sample: registry.terraform.io/hashicorp/google
    previous_address:
      description: Where the resource was before a C(moved) block.
      type: str
      sample: null
    importing:
      description: Whether the resource is taken over into the state.
      type: bool
      sample: false
drift:
  description: Resources that changed outside of Terraform, in the shape of RV(changes).
  returned: success
  type: list
  elements: dict
  sample: []
outputs:
  description: What becomes of each output, by name.
  returned: success
  type: dict
  sample: {network_id: {action: create, sensitive: false, value: (known after apply)}}
output_values:
  description: The plain values of the outputs that are not sensitive.
  returned: success
  type: dict
  sample: {network_id: projects/p/global/networks/crm}
plan_file:
  description: The plan file to apply. Null in check mode and when there is nothing to apply.
  returned: success
  type: str
  sample: /srv/platform/.runs/dev/20261123T013000Z4fa1/roots/network/plan
plan_sha256:
  description: SHA-256 of the plan.
  returned: success
  type: str
  sample: 1f743cf1549cae191c34039d260d67ce533675ca826dead9648921cad96a17d0
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
      description: Whether the plan was made against one, and not against an empty state.
      type: bool
      sample: true
provider:
  description: The provider that made the plan.
  returned: success
  type: dict
  contains:
    kind:
      description: Where it came from. One of V(registry), V(stand-in), V(development) and V(built-in).
      type: str
      sample: registry
    source:
      description: Address of the provider.
      type: str
      sample: registry.terraform.io/hashicorp/google
    version:
      description: Version of the provider. Null for V(development) and V(built-in).
      type: str
      sample: 7.45.0
terraform:
  description: The binary that made the plan.
  returned: success
  type: dict
  sample: {name: terraform, version: 1.11.4}
root:
  description: Name of the root.
  returned: success
  type: str
  sample: network
failure:
  description:
    - Why there is no plan, for example V(STATE_LOCKED), V(INVALID_VARIABLE), V(PROVIDER_ERROR) or Google's reason.
  returned: failure
  type: dict
  sample:
    reason: STATE_LOCKED
    status: null
    message: "the state gs://…/default.tflock is locked: ci@runner has held it for 41 s (since …, apply, id 17956620)"
    hint: wait for that run or raise lock_timeout
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._terraform_command import heeding_signals
from ..module_utils._terraform_planning import plan_root
from ..module_utils._terraform_spec import STATE_RULES, root_argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Plan the root that the task describes."""
    module = module_class(
        argument_spec=root_argument_spec(
            destroy={"type": "bool", "default": False},
            refresh_only={"type": "bool", "default": False},
            replace={"type": "list", "elements": "str", "default": []},
        ),
        supports_check_mode=True,
        required_one_of=STATE_RULES["required_one_of"],
        required_together=STATE_RULES["required_together"],
        mutually_exclusive=[*STATE_RULES["mutually_exclusive"], ("destroy", "refresh_only")],
    )
    run(module, heeding_signals(lambda given: plan_root(given.params, given.check_mode, given.warn)))


if __name__ == "__main__":
    main()
