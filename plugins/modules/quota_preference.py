#!/usr/bin/python
"""Ask for a quota."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: quota_preference
short_description: Ask for a quota of a project
version_added: 0.1.0
description:
  - Asks Google for a value of a quota and keeps asking for it. Google decides, within minutes or days.
  - The quota id is looked up first. One that the service does not have is refused with the nearest names.
  - Google keeps quota preferences for ever, so there is no way to make one absent.
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
  service:
    description: The API whose quota it is, for example V(compute.googleapis.com).
    type: str
    required: true
  quota_id:
    description: Id of the quota, for example V(CPUS-per-project-region). See
      M(presidential_digs.platform.quota_preference_info) for all.
    type: str
    required: true
  preferred_value:
    description: The value asked for, V(-1) for no limit.
    type: int
    required: true
  dimensions:
    description: What the quota is for, for example a region. It can never be changed.
    type: dict
  contact_email:
    description: Whom Google asks about an increase, which it requires. Sent along with a value, never read back.
    type: str
  justification:
    description: Why the value is needed.
    type: str
  name:
    description:
      - Id of the preference, lower-case letters, digits, C(-), C(_) and C(.), a letter first.
      - Made from O(service), O(quota_id) and O(dimensions) when left out.
    type: str
  ignore_safety_checks:
    description: Checks of Google's to pass over when the value is lowered.
    type: list
    elements: str
    choices: [QUOTA_DECREASE_BELOW_USAGE, QUOTA_DECREASE_PERCENTAGE_TOO_HIGH]
seealso:
  - module: presidential_digs.platform.quota_preference_info
"""

EXAMPLES = r"""
- name: Ask for processors
  presidential_digs.platform.quota_preference:
    project: presidential-digs-crm-dev
    service: compute.googleapis.com
    quota_id: CPUS-per-project-region
    dimensions:
      region: us-central1
    preferred_value: 48
    contact_email: platform@presidential-digs.example
    justification: Two node pools of three e2-standard-4 and room for a surge upgrade
"""

RETURN = r"""
quota_preference:
  description: The preference as Cloud Quotas shows it. Predicted in check mode.
  returned: success
  type: dict
  sample:
    dimensions:
      region: us-central1
    name: projects/presidential-digs-crm-dev/locations/global/quotaPreferences/compute-cpus
    quotaConfig:
      grantedValue: "48"
      preferredValue: "48"
    quotaId: CPUS-per-project-region
    service: compute.googleapis.com
granted:
  description: Whether Google has granted the value already.
  returned: success
  type: bool
  sample: true
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._quota_preference import ask_for_quota
from ..module_utils._run import run
from ..module_utils._spec import WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        service={"type": "str", "required": True},
        quota_id={"type": "str", "required": True},
        preferred_value={"type": "int", "required": True},
        dimensions={"type": "dict"},
        contact_email={"type": "str"},
        justification={"type": "str"},
        name={"type": "str"},
        ignore_safety_checks={
            "type": "list",
            "elements": "str",
            "choices": ["QUOTA_DECREASE_BELOW_USAGE", "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"],
        },
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), ask_for_quota)


if __name__ == "__main__":
    main()
