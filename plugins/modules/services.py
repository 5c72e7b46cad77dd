#!/usr/bin/python
"""Keep APIs of a project enabled or disabled, many in one task."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: services
short_description: Keep a project's APIs enabled or disabled
version_added: 0.1.0
description:
  - Enables a list of APIs in one task, 20 a call and several calls at once, and waits until each can really be used.
  - An API that is enabled answers C(SERVICE_DISABLED) for a while. The wait asks each new API something free of charge
    until it answers otherwise.
  - APIs that are not listed are left as they are.
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
  services:
    description: Full names of the APIs.
    type: list
    elements: str
    required: true
  service_agents:
    description:
      - Those of O(services) whose service agent must exist, because something is granted to it before it has acted for
        the first time. Google makes it on request and otherwise when it is needed.
    type: list
    elements: str
  disable_dependent_services:
    description: With O(state=absent), disable what depends on the APIs as well. Without it the API refuses.
    type: bool
    default: false
  check_usage:
    description: With O(state=absent), refuse to disable an API that was used in the last 30 days.
    type: bool
    default: true
  state:
    description: V(absent) disables the APIs.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.services_info
  - module: presidential_digs.platform.billing_link
"""

EXAMPLES = r"""
- name: Have the APIs that the roots need
  presidential_digs.platform.services:
    project: presidential-digs-crm-dev
    services:
      - cloudresourcemanager.googleapis.com
      - compute.googleapis.com
      - storage.googleapis.com

- name: Disable an API that nothing uses
  presidential_digs.platform.services:
    project: presidential-digs-crm-dev
    services: [dns.googleapis.com]
    state: absent
"""

RETURN = r"""
services:
  description: Those of the listed APIs that are enabled afterwards, sorted. Predicted in check mode.
  returned: success
  type: list
  elements: str
  sample: [cloudresourcemanager.googleapis.com, compute.googleapis.com, storage.googleapis.com]
enabled:
  description: Those that were not enabled before.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [compute.googleapis.com]
disabled:
  description: Those that were enabled before.
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [dns.googleapis.com]
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._services import keep_services
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        services={"type": "list", "elements": "str", "required": True},
        service_agents={"type": "list", "elements": "str"},
        disable_dependent_services={"type": "bool", "default": False},
        check_usage={"type": "bool", "default": True},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), keep_services)


if __name__ == "__main__":
    main()
