#!/usr/bin/python
"""Keep a workload identity pool present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_identity_pool
short_description: Keep a workload identity pool present or absent
version_added: 0.1.0
description:
  - Creates a pool of identities that come from elsewhere, such as a CI system's jobs, so that no key is needed.
  - A pool that was deleted less than 30 days ago is brought back, because its id cannot be taken by another.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.wait
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  project:
    description: Id of the project.
    type: str
    required: true
  workload_identity_pool_id:
    description: Id of the pool, 4 to 32 lower-case letters, digits and hyphens, not C(gcp-) first.
    type: str
    required: true
  display_name:
    description: What people call it.
    type: str
  description:
    description: What it is for.
    type: str
  disabled:
    description: Whether it is switched off, so that no token is given for its identities.
    type: bool
  state:
    description: V(absent) deletes the pool and its providers. Google keeps them for 30 days.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.workload_identity_pool_provider
"""

EXAMPLES = r"""
- name: Have the pool of the CI system
  presidential_digs.platform.workload_identity_pool:
    project: presidential-digs-crm-dev
    workload_identity_pool_id: github
    display_name: GitHub Actions
"""

RETURN = r"""
workload_identity_pool:
  description: The pool as IAM shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    displayName: GitHub Actions
    name: projects/415104041262/locations/global/workloadIdentityPools/github
    state: ACTIVE
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec
from ..module_utils._workload_identity import WorkloadIdentityPool


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        workload_identity_pool_id={"type": "str", "required": True},
        display_name={"type": "str"},
        description={"type": "str"},
        disabled={"type": "bool"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), managed(WorkloadIdentityPool))


if __name__ == "__main__":
    main()
