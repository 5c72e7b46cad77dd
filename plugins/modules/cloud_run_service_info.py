#!/usr/bin/python
"""Read Cloud Run services."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_run_service_info
short_description: Read the Cloud Run services of a region
version_added: 0.1.0
description:
  - Reads one service by its name, or all of a region.
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
  location:
    description: The region.
    type: str
    required: true
  name:
    description: Name of the one service to read.
    type: str
seealso:
  - module: presidential_digs.platform.cloud_run_service
"""

EXAMPLES = r"""
- name: Read what runs on Cloud Run
  presidential_digs.platform.cloud_run_service_info:
    project: presidential-digs-crm-dev
    location: us-central1
  register: running
"""

RETURN = r"""
services:
  description:
    - The services, empty when there are none; each as the API shows it, but for its first container, which is under
      C(template.container) with its variables by name.
  returned: success
  type: list
  elements: dict
  sample:
    - ingress: INGRESS_TRAFFIC_ALL
      latestReadyRevision: projects/p/locations/us-central1/services/frontend/revisions/frontend-00002-b7c
      name: projects/p/locations/us-central1/services/frontend
      uri: https://frontend-123456.us-central1.run.app
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_cloud_run_services
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project={"type": "str", "required": True},
        location={"type": "str", "required": True},
        name={"type": "str"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), list_cloud_run_services)


if __name__ == "__main__":
    main()
