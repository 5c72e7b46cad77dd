#!/usr/bin/python
"""Read which APIs of a project are enabled."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: services_info
short_description: Read the enabled APIs of a project
version_added: 0.1.0
description:
  - Reads the names of all APIs that are enabled in a project.
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
seealso:
  - module: presidential_digs.platform.services
"""

EXAMPLES = r"""
- name: Read what is enabled
  presidential_digs.platform.services_info:
    project: presidential-digs-crm-dev
  register: enabled

- name: Insist on an API
  ansible.builtin.assert:
    that: "'compute.googleapis.com' in enabled.services"
"""

RETURN = r"""
services:
  description: Names of the enabled APIs, sorted.
  returned: success
  type: list
  elements: str
  sample: [cloudresourcemanager.googleapis.com, compute.googleapis.com]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_services
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project={"type": "str", "required": True},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), list_services)


if __name__ == "__main__":
    main()
