#!/usr/bin/python
"""Say who the credentials are, what they lack, and which command grants it."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credential
short_description: Say who the credentials are and what they may not do
version_added: 0.1.0
description:
  - Says whose credentials these are, which of the asked permissions they lack on which resource, and the C(gcloud)
    command that grants a role with each.
  - Can mint a token, to be handed to the other modules by C(module_defaults), so that a play asks for one only once.
    The result of a task that mints one is never shown.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
options:
  checks:
    description: Which permissions are needed where.
    type: list
    elements: dict
    suboptions:
      resource:
        description: On what.
        type: dict
        required: true
        suboptions:
          type:
            description: Kind of resource.
            type: str
            required: true
            choices:
              - artifact_repository
              - billing_account
              - bucket
              - crypto_key
              - folder
              - organization
              - project
              - secret
              - service_account
              - subscription
              - topic
          name:
            description: Its name, in the form that M(presidential_digs.platform.iam_binding) takes.
            type: str
            required: true
      permissions:
        description: Names such as C(storage.buckets.create).
        type: list
        elements: str
        required: true
  mint_token:
    description: Whether to return the token as RV(access_token).
    type: bool
    default: false
seealso:
  - module: presidential_digs.platform.iam_binding
"""

EXAMPLES = r"""
- name: Mint the token of the play
  presidential_digs.platform.credential:
    mint_token: true
  register: credential

- name: See what this identity lacks for the bootstrap
  presidential_digs.platform.credential:
    access_token: "{{ credential.access_token }}"
    checks:
      - resource:
          type: organization
          name: "123456789012"
        permissions: [resourcemanager.projects.create]
      - resource:
          type: billing_account
          name: 01D165-CA11AB-1E0001
        permissions: [billing.resourceAssociations.create]
  register: probe

- name: Insist on every permission
  ansible.builtin.assert:
    that: not probe.missing
    fail_msg: "{{ probe.missing | map(attribute='commands') | flatten | join('; ') }}"
"""

RETURN = r"""
identity:
  description: Whose credentials these are. A federated principal has no e-mail address, its member is C(MEMBER).
  returned: success
  type: dict
  sample:
    auth_kind: application
    email: owner@presidential-digs.example
    member: user:owner@presidential-digs.example
missing:
  description: For each resource on which something is missing, what, and the commands that grant it.
  returned: success
  type: list
  elements: dict
  sample:
    - commands:
        - >-
          gcloud billing accounts add-iam-policy-binding 01D165-CA11AB-1E0001
          --member='user:owner@presidential-digs.example' --role=roles/billing.user
      permissions: [billing.resourceAssociations.create]
      resource:
        name: 01D165-CA11AB-1E0001
        type: billing_account
verdicts:
  description:
    - For each resource V(pass), V(fail), or V(no-evidence) when it does not exist or is hidden from this identity.
  returned: success
  type: list
  elements: dict
  sample:
    - evidence: testIamPermissions returned all that were asked for
      name: permissions of user:owner@presidential-digs.example on organization 123456789012
      verdict: pass
access_token:
  description: A token that is good for about an hour.
  returned: when O(mint_token=true)
  type: str
  sample: (hidden)
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._credential import probe_credential
from ..module_utils._iam_resources import HOMES
from ..module_utils._run import run
from ..module_utils._spec import argument_spec

SECRET_RESULTS = ("access_token",)
"""Result keys whose presence hides the whole result from every callback."""


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        checks={
            "type": "list",
            "elements": "dict",
            "options": {
                "resource": {
                    "type": "dict",
                    "required": True,
                    "options": {
                        "type": {"type": "str", "required": True, "choices": sorted(HOMES)},
                        "name": {"type": "str", "required": True},
                    },
                },
                "permissions": {"type": "list", "elements": "str", "required": True},
            },
        },
        mint_token={"type": "bool", "default": False, "no_log": False},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), probe_credential)


if __name__ == "__main__":
    main()
