#!/usr/bin/python
"""Read versions of secrets, and their payloads for who must have them."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_version_info
short_description: Read versions of secrets of Secret Manager
version_added: 0.1.0
description:
  - Says which version of each secret is the newest, and on request what it holds.
  - A result with payloads is hidden from every callback, log and report, whatever C(no_log) says.
  - Fails when a secret has no version that can be read, and names every such secret at once.
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
  secrets:
    description: Ids of the secrets.
    type: list
    elements: str
    required: true
  version:
    description: Which version of each, C(latest), a number or an alias.
    type: str
    default: latest
  with_values:
    description: Read the payloads too. Takes C(secretmanager.versions.access) on each secret.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: See whether a secret was rotated
  presidential_digs.platform.secret_version_info:
    project: presidential-digs-crm-dev
    secrets: [jwt-secret, mongodb-password]
  register: newest

- name: Read what a service must know
  presidential_digs.platform.secret_version_info:
    project: presidential-digs-crm-dev
    secrets: [jwt-secret]
    with_values: true
  register: service_secrets
  no_log: true
"""

RETURN = r"""
versions:
  description: Number of the version by secret.
  returned: success
  type: dict
  sample:
    jwt-secret: "3"
secret_values:
  description: Payload by secret. Its presence hides the result.
  returned: with O(with_values)
  type: dict
  sample: (hidden)
missing:
  description: Secrets without a version that can be read.
  returned: failure because of them
  type: list
  elements: str
  sample: [google-client-secret]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._run import run
from ..module_utils._secret import read_secret_versions
from ..module_utils._spec import argument_spec

SECRET_RESULTS = ("secret_values",)
"""Result keys whose presence hides the whole result from every callback."""


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        project={"type": "str", "required": True},
        secrets={"type": "list", "elements": "str", "required": True, "no_log": False},
        version={"type": "str", "default": "latest"},
        with_values={"type": "bool", "default": False},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), read_secret_versions)


if __name__ == "__main__":
    main()
