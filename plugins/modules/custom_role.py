#!/usr/bin/python
"""Keep a custom role present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_role
short_description: Keep a custom IAM role present or absent
version_added: 0.1.0
description:
  - Creates a custom role in a project or an organisation and keeps its permissions as declared, removals included.
  - A role that was deleted less than 7 days ago is brought back, because its id cannot be taken by another.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.wait
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  role_id:
    description: Id of the role, 3 to 64 letters, digits, C(_) and C(.).
    type: str
    required: true
  project:
    description: Id of the project that the role is for.
    type: str
  organization:
    description: Number of the organisation that the role is for.
    type: str
  title:
    description: What people call it.
    type: str
  description:
    description: What it is for.
    type: str
  included_permissions:
    description: All permissions of the role.
    type: list
    elements: str
  stage:
    description: How ready it is. IAM makes a new role V(ALPHA) when left out.
    type: str
    choices: [ALPHA, BETA, GA, DEPRECATED, DISABLED, EAP]
  state:
    description: V(absent) deletes the role. Grants of it are without effect until it is brought back.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.iam_binding
"""

EXAMPLES = r"""
- name: Have the role that may read and lock Terraform states
  presidential_digs.platform.custom_role:
    project: presidential-digs-crm-dev
    role_id: terraformState
    title: Terraform state
    stage: GA
    included_permissions:
      - storage.objects.create
      - storage.objects.delete
      - storage.objects.get
      - storage.objects.list

- name: Delete it
  presidential_digs.platform.custom_role:
    project: presidential-digs-crm-dev
    role_id: terraformState
    state: absent
"""

RETURN = r"""
custom_role:
  description: The role as IAM shows it, permissions sorted, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    etag: BwYtR0l3q0A=
    includedPermissions: [storage.objects.create, storage.objects.delete, storage.objects.get, storage.objects.list]
    name: projects/presidential-digs-crm-dev/roles/terraformState
    stage: GA
    title: Terraform state
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._custom_role import STAGES, CustomRole
from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        role_id={"type": "str", "required": True},
        project={"type": "str"},
        organization={"type": "str"},
        title={"type": "str"},
        description={"type": "str"},
        included_permissions={"type": "list", "elements": "str"},
        stage={"type": "str", "choices": list(STAGES)},
    )
    run(
        module_class(
            argument_spec=spec,
            supports_check_mode=True,
            required_one_of=[["project", "organization"]],
            mutually_exclusive=[["project", "organization"]],
        ),
        managed(CustomRole),
    )


if __name__ == "__main__":
    main()
