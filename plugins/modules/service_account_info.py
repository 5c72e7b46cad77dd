#!/usr/bin/python
"""Read service accounts."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: service_account_info
short_description: Read the service accounts of a project
version_added: 0.1.0
description:
  - Reads one service account by its e-mail address, or all of a project.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
options:
  project:
    description: Id of the project.
    type: str
    required: true
  email:
    description: E-mail address or unique id of the one account to read.
    type: str
seealso:
  - module: presidential_digs.platform.service_account
"""

EXAMPLES = r"""
- name: Read the service accounts
  presidential_digs.platform.service_account_info:
    project: presidential-digs-crm-dev
  register: accounts
"""

RETURN = r"""
service_accounts:
  description: The accounts, empty when there are none.
  returned: success
  type: list
  elements: dict
  sample:
    - displayName: Deployer
      email: deployer@presidential-digs-crm-dev.iam.gserviceaccount.com
      projectId: presidential-digs-crm-dev
      uniqueId: "104329187623456789012"
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_service_accounts
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project={"type": "str", "required": True},
        email={"type": "str"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), list_service_accounts)


if __name__ == "__main__":
    main()
