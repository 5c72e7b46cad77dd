#!/usr/bin/python
"""Read quota preferences and quotas."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: quota_preference_info
short_description: Read the quota preferences and quotas of a project
version_added: 0.1.0
description:
  - Reads what was asked for and granted and, for one API, every quota with its present limits.
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
  service:
    description: The API whose quotas to read, for example V(compute.googleapis.com).
    type: str
seealso:
  - module: presidential_digs.platform.quota_preference
"""

EXAMPLES = r"""
- name: Read every quota of Compute Engine
  presidential_digs.platform.quota_preference_info:
    project: presidential-digs-crm-dev
    service: compute.googleapis.com
  register: quotas

- name: Show their names
  ansible.builtin.debug:
    msg: "{{ quotas.quotas | map(attribute='quotaId') | list }}"
"""

RETURN = r"""
quota_preferences:
  description: The preferences, of O(service) when that is given.
  returned: success
  type: list
  elements: dict
  sample:
    - name: projects/presidential-digs-crm-dev/locations/global/quotaPreferences/compute-cpus
      quotaConfig:
        grantedValue: "48"
        preferredValue: "48"
      quotaId: CPUS-per-project-region
      service: compute.googleapis.com
quotas:
  description: The quotas of the service, as Cloud Quotas shows them.
  returned: when O(service) is given
  type: list
  elements: dict
  sample:
    - dimensions: [region]
      quotaDisplayName: CPUs
      quotaId: CPUS-per-project-region
      service: compute.googleapis.com
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_quota_preferences
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project={"type": "str", "required": True},
        service={"type": "str"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), list_quota_preferences)


if __name__ == "__main__":
    main()
