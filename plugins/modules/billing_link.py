#!/usr/bin/python
"""Keep a project linked to the billing account that pays for it."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: billing_link
short_description: Keep a project linked to a billing account
version_added: 0.1.0
description:
  - Links a project to a billing account, moves it to another one, or takes it off billing.
  - A link to an account that is closed fails, because nothing would be paid for.
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
  billing_account:
    description:
      - The account that pays, C(012345-6789AB-CDEF01) with or without C(billingAccounts/) before it.
      - Required when O(state=present).
    type: str
  state:
    description: V(absent) takes the project off billing, which stops everything in it that costs money.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.project
"""

EXAMPLES = r"""
- name: Have the environment paid for
  presidential_digs.platform.billing_link:
    project: presidential-digs-crm-dev
    billing_account: 01D165-CA11AB-1E0001

- name: Take the project off billing
  presidential_digs.platform.billing_link:
    project: presidential-digs-crm-dev
    state: absent
"""

RETURN = r"""
billing_link:
  description: The link as Cloud Billing shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    billingAccountName: billingAccounts/01D165-CA11AB-1E0001
    billingEnabled: true
    name: projects/presidential-digs-crm-dev/billingInfo
    projectId: presidential-digs-crm-dev
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._billing_link import BillingLink
from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        billing_account={"type": "str"},
    )
    run(
        module_class(
            argument_spec=spec, supports_check_mode=True, required_if=[["state", "present", ["billing_account"]]]
        ),
        managed(BillingLink),
    )


if __name__ == "__main__":
    main()
