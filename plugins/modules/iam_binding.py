#!/usr/bin/python
"""Keep members of roles present or absent on any resource."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_binding
short_description: Keep members of roles on a resource
version_added: 0.1.0
description:
  - Grants and takes away roles, member by member, on a project, folder, organisation, billing account, bucket, service
    account, topic and more. All bindings of a task are one read and one write of the policy.
  - The write is guarded by the policy's etag. When somebody else was faster, it is read and worked out again.
  - A member that was made a moment ago and is not yet known to IAM is waited for.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  resource:
    description: What the roles are granted on.
    type: dict
    required: true
    suboptions:
      type:
        description: Kind of resource.
        type: str
        required: true
        choices:
          - artifact_repository
          - billing_account
          - bucket
          - crypto_key
          - folder
          - organization
          - project
          - secret
          - service_account
          - subscription
          - topic
      name:
        description:
          - Its name. For V(project) and V(billing_account) the id, for V(folder) and V(organization) the number, for
            V(bucket) the name, for V(service_account) the e-mail address.
          - For the others the full name, such as C(projects/PROJECT/topics/TOPIC).
        type: str
        required: true
  bindings:
    description: Who has what. Two items with the same role and condition add up.
    type: list
    elements: dict
    required: true
    suboptions:
      role:
        description: C(roles/NAME), C(projects/ID/roles/NAME) or C(organizations/NUMBER/roles/NAME).
        type: str
        required: true
      members:
        description: For example C(user:a@example.com) or C(serviceAccount:deployer@PROJECT.iam.gserviceaccount.com).
        type: list
        elements: str
        required: true
      condition:
        description: When the grant holds. The same role with another condition is another binding.
        type: dict
        suboptions:
          title:
            description: A short name, which Google requires.
            type: str
            required: true
          description:
            description: Why.
            type: str
          expression:
            description: A CEL expression.
            type: str
            required: true
      mode:
        description:
          - V(additive) adds the members and leaves others alone.
          - V(authoritative) makes the members the only ones with this role and condition.
          - Of no meaning when O(state=absent).
        type: str
        choices: [additive, authoritative]
        default: additive
  state:
    description: V(absent) takes the listed members off the listed roles.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.credential
  - module: presidential_digs.platform.custom_role
"""

EXAMPLES = r"""
- name: Let the deployer work in the project
  presidential_digs.platform.iam_binding:
    resource:
      type: project
      name: presidential-digs-crm-dev
    bindings:
      - role: roles/compute.networkAdmin
        members:
          - serviceAccount:deployer@presidential-digs-crm-dev.iam.gserviceaccount.com
      - role: roles/viewer
        mode: authoritative
        members:
          - group:platform@presidential-digs.example

- name: Let the deployer keep states, below one prefix only
  presidential_digs.platform.iam_binding:
    resource:
      type: bucket
      name: presidential-digs-crm-dev-tfstate
    bindings:
      - role: roles/storage.objectAdmin
        members:
          - serviceAccount:deployer@presidential-digs-crm-dev.iam.gserviceaccount.com
        condition:
          title: roots only
          expression: >-
            resource.name.startsWith("projects/_/buckets/presidential-digs-crm-dev-tfstate/objects/roots/")
"""

RETURN = r"""
bindings:
  description: The declared bindings as they are afterwards, members sorted. Predicted in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - members: ["serviceAccount:deployer@presidential-digs-crm-dev.iam.gserviceaccount.com"]
      role: roles/compute.networkAdmin
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._iam_policy import keep_bindings
from ..module_utils._iam_resources import HOMES
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        resource={
            "type": "dict",
            "required": True,
            "options": {
                "type": {"type": "str", "required": True, "choices": sorted(HOMES)},
                "name": {"type": "str", "required": True},
            },
        },
        bindings={
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "role": {"type": "str", "required": True},
                "members": {"type": "list", "elements": "str", "required": True},
                "condition": {
                    "type": "dict",
                    "options": {
                        "title": {"type": "str", "required": True},
                        "description": {"type": "str"},
                        "expression": {"type": "str", "required": True},
                    },
                },
                "mode": {"type": "str", "choices": ["additive", "authoritative"], "default": "additive"},
            },
        },
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), keep_bindings)


if __name__ == "__main__":
    main()
