#!/usr/bin/python
"""Keep a Google Cloud project present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: project
short_description: Keep a Google Cloud project present or absent
version_added: 0.1.0
description:
  - Creates a project under its parent, keeps its name, parent and labels as declared, and brings a project back whose
    deletion was requested less than 30 days ago.
  - What is not declared is left as it is. Labels that are not declared are removed, once O(labels) is given at all.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.wait
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  project_id:
    description: The project's id, 6 to 30 lower-case letters, digits and hyphens. It can never be changed.
    type: str
    required: true
  name:
    description: What people call the project. A new project gets its id when this is left out.
    type: str
  parent:
    description:
      - Where it belongs, C(organizations/NUMBER) or C(folders/NUMBER). Another parent moves the project.
    type: str
  labels:
    description: All labels of the project. An empty dictionary removes them.
    type: dict
  state:
    description:
      - V(absent) requests the deletion. Google deletes for good 30 days later and never gives the id away again.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.billing_link
  - module: presidential_digs.platform.services
"""

EXAMPLES = r"""
- name: Have the project of the environment
  presidential_digs.platform.project:
    project_id: presidential-digs-crm-dev
    name: Presidential Digs CRM dev
    parent: organizations/123456789012
    labels:
      environment: dev
      team: platform

- name: Remove every label
  presidential_digs.platform.project:
    project_id: presidential-digs-crm-dev
    labels: {}

- name: Request the deletion
  presidential_digs.platform.project:
    project_id: presidential-digs-crm-dev
    state: absent
"""

RETURN = r"""
project:
  description: The project as Cloud Resource Manager v3 shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    createTime: "2026-11-23T01:30:00.123456Z"
    displayName: Presidential Digs CRM dev
    etag: W/"3b9b7d3f1c1a2b4d"
    labels:
      environment: dev
      team: platform
    name: projects/415104041262
    parent: organizations/123456789012
    projectId: presidential-digs-crm-dev
    state: ACTIVE
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._project import Project
from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project_id={"type": "str", "required": True},
        name={"type": "str"},
        parent={"type": "str"},
        labels={"type": "dict"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), managed(Project))


if __name__ == "__main__":
    main()
