#!/usr/bin/python
"""Read projects."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: project_info
short_description: Read Google Cloud projects
version_added: 0.1.0
description:
  - Reads one project by its id, the projects right below a parent, or those that a query finds.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
options:
  project_id:
    description: Id of the one project to read.
    type: str
  parent:
    description: Read the projects right below this, C(organizations/NUMBER) or C(folders/NUMBER).
    type: str
  query:
    description:
      - A query of the Resource Manager's search, for example C(labels.environment:dev).
      - Without any of the three options every project that this identity can see is read.
    type: str
seealso:
  - module: presidential_digs.platform.project
"""

EXAMPLES = r"""
- name: Read the project of the environment
  presidential_digs.platform.project_info:
    project_id: presidential-digs-crm-dev
  register: found

- name: Read the projects of the organisation
  presidential_digs.platform.project_info:
    parent: organizations/123456789012
"""

RETURN = r"""
projects:
  description: The projects, empty when there are none. A project whose deletion was requested is among them.
  returned: success
  type: list
  elements: dict
  sample:
    - displayName: Presidential Digs CRM dev
      name: projects/415104041262
      parent: organizations/123456789012
      projectId: presidential-digs-crm-dev
      state: ACTIVE
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_projects
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project_id={"type": "str"},
        parent={"type": "str"},
        query={"type": "str"},
    )
    run(
        module_class(
            argument_spec=spec, supports_check_mode=True, mutually_exclusive=[["project_id", "parent", "query"]]
        ),
        list_projects,
    )


if __name__ == "__main__":
    main()
