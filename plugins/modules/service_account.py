#!/usr/bin/python
"""Keep a service account present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: service_account
short_description: Keep a service account present or absent
version_added: 0.1.0
description:
  - Creates a service account and keeps its texts and whether it is disabled as declared.
  - What is not declared is left as it is.
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
  account_id:
    description: What stands before the C(@) of its e-mail address, 6 to 30 lower-case letters, digits and hyphens.
    type: str
    required: true
  display_name:
    description: What people call it.
    type: str
  description:
    description: What it is for.
    type: str
  disabled:
    description: Whether it is switched off.
    type: bool
  undelete_unique_id:
    description:
      - The unique id of an account with this address that was deleted up to 30 days ago. When the account is absent,
        that one is brought back with its grants, in place of a new one to which none would apply.
    type: str
  state:
    description: V(absent) deletes the account. Grants to it stay behind as C(deleted:) members.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.service_account_info
  - module: presidential_digs.platform.iam_binding
"""

EXAMPLES = r"""
- name: Have the identity that deploys
  presidential_digs.platform.service_account:
    project: presidential-digs-crm-dev
    account_id: deployer
    display_name: Deployer
    description: Applies the Terraform roots

- name: Switch it off
  presidential_digs.platform.service_account:
    project: presidential-digs-crm-dev
    account_id: deployer
    disabled: true
"""

RETURN = r"""
service_account:
  description: The account as IAM shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    displayName: Deployer
    email: deployer@presidential-digs-crm-dev.iam.gserviceaccount.com
    name: projects/presidential-digs-crm-dev/serviceAccounts/deployer@presidential-digs-crm-dev.iam.gserviceaccount.com
    projectId: presidential-digs-crm-dev
    uniqueId: "104329187623456789012"
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._service_account import ServiceAccount
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        account_id={"type": "str", "required": True},
        display_name={"type": "str"},
        description={"type": "str"},
        disabled={"type": "bool"},
        undelete_unique_id={"type": "str"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), managed(ServiceAccount))


if __name__ == "__main__":
    main()
