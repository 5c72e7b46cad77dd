#!/usr/bin/python
"""Keep a key of Cloud KMS usable, or have its versions destroyed."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_key
short_description: Keep a Cloud KMS key usable or have it destroyed
version_added: 0.1.0
description:
  - Creates a key for symmetric encryption, and its key ring where there is none, and keeps rotation and labels.
  - Key rings and keys outlive everything that uses them. A key whose primary version was disabled or scheduled for
    destruction is made usable again; where the version is gone for good a new one takes its place, and what the old one
    encrypted stays lost.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.wait
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  project:
    description: Id of the project that holds the key.
    type: str
    required: true
  location:
    description: Where the key is kept. It must be the location of what it encrypts.
    type: str
    required: true
  key_ring:
    description: Name of the key ring, 1 to 63 letters, digits, C(_) and C(-).
    type: str
    required: true
  name:
    description: Name of the key, 1 to 63 letters, digits, C(_) and C(-).
    type: str
    required: true
  rotation_days:
    description: After how many days a new version takes over, 1 to 36500. CIS Google Cloud 1.10 asks for 90 at most.
    type: int
  destroy_after_days:
    description:
      - For how many days the destruction of a version can be taken back, 1 to 120. Google takes 30 when left out.
      - It cannot be changed later.
    type: int
  protection_level:
    description: Whether the key is kept in software or in a hardware security module. It cannot be changed later.
    type: str
    choices: [SOFTWARE, HSM]
  labels:
    description: All labels of the key.
    type: dict
  state:
    description: V(absent) schedules every version for destruction and stops the rotation. Ring and key stay.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.services
"""

EXAMPLES = r"""
- name: Have the key that images are encrypted with
  presidential_digs.platform.kms_key:
    project: presidential-digs-crm-dev
    location: us-central1
    key_ring: crm
    name: registry
    rotation_days: 90

- name: Have its versions destroyed
  presidential_digs.platform.kms_key:
    project: presidential-digs-crm-dev
    location: us-central1
    key_ring: crm
    name: registry
    state: absent
"""

RETURN = r"""
kms_key:
  description: The key as Cloud KMS shows it without the time of its next rotation, empty when absent. Predicted in
    check mode.
  returned: success
  type: dict
  sample:
    name: projects/presidential-digs-crm-dev/locations/us-central1/keyRings/crm/cryptoKeys/registry
    purpose: ENCRYPT_DECRYPT
    rotationPeriod: 7776000s
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: The API is not enabled yet, so nothing of this kind can exist.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kms_key import PROTECTION_LEVELS, KmsKey
from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        location={"type": "str", "required": True},
        key_ring={"type": "str", "required": True, "no_log": False},
        name={"type": "str", "required": True},
        rotation_days={"type": "int"},
        destroy_after_days={"type": "int"},
        protection_level={"type": "str", "choices": list(PROTECTION_LEVELS)},
        labels={"type": "dict"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), managed(KmsKey))


if __name__ == "__main__":
    main()
