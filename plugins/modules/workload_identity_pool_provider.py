#!/usr/bin/python
"""Keep a provider of a workload identity pool present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_identity_pool_provider
short_description: Keep a provider of a workload identity pool
version_added: 0.1.0
description:
  - Says whose tokens a workload identity pool believes, which of them, and what their claims are called.
  - A provider that was deleted less than 30 days ago is brought back, because its id cannot be taken by another.
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
  workload_identity_pool_id:
    description: Id of the pool.
    type: str
    required: true
  workload_identity_pool_provider_id:
    description: Id of the provider, 4 to 32 lower-case letters, digits and hyphens, not C(gcp-) first.
    type: str
    required: true
  display_name:
    description: What people call it.
    type: str
  description:
    description: What it is for.
    type: str
  disabled:
    description: Whether it is switched off.
    type: bool
  attribute_mapping:
    description: All attributes, each a CEL expression over the token's claims. C(google.subject) must be among them.
    type: dict
  attribute_condition:
    description: A CEL expression that a token must satisfy. An empty string lets every token of the issuer pass.
    type: str
  oidc:
    description: An OpenID Connect issuer.
    type: dict
    suboptions:
      issuer_uri:
        description: URL of the issuer, as its tokens have it in C(iss).
        type: str
        required: true
      allowed_audiences:
        description: What tokens may have in C(aud). Without it, the provider's own full name.
        type: list
        elements: str
      jwks_json:
        description: Public keys of an issuer that Google cannot reach, as a JSON Web Key Set.
        type: str
  aws:
    description: An AWS account.
    type: dict
    suboptions:
      account_id:
        description: Number of the account.
        type: str
        required: true
  saml:
    description: A SAML identity provider.
    type: dict
    suboptions:
      idp_metadata_xml:
        description: Its metadata document.
        type: str
        required: true
  state:
    description: V(absent) deletes the provider. Google keeps it for 30 days.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.workload_identity_pool
"""

EXAMPLES = r"""
- name: Believe the tokens of one repository's jobs
  presidential_digs.platform.workload_identity_pool_provider:
    project: presidential-digs-crm-dev
    workload_identity_pool_id: github
    workload_identity_pool_provider_id: actions
    attribute_mapping:
      google.subject: assertion.sub
      attribute.repository: assertion.repository
    attribute_condition: assertion.repository == "presidential-digs/platform"
    oidc:
      issuer_uri: https://token.actions.githubusercontent.com
"""

RETURN = r"""
workload_identity_pool_provider:
  description: The provider as IAM shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    attributeMapping:
      google.subject: assertion.sub
    name: projects/415104041262/locations/global/workloadIdentityPools/github/providers/actions
    oidc:
      issuerUri: https://token.actions.githubusercontent.com
    state: ACTIVE
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec
from ..module_utils._workload_identity import WorkloadIdentityPoolProvider


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        project={"type": "str", "required": True},
        workload_identity_pool_id={"type": "str", "required": True},
        workload_identity_pool_provider_id={"type": "str", "required": True},
        display_name={"type": "str"},
        description={"type": "str"},
        disabled={"type": "bool"},
        attribute_mapping={"type": "dict"},
        attribute_condition={"type": "str"},
        oidc={
            "type": "dict",
            "options": {
                "issuer_uri": {"type": "str", "required": True},
                "allowed_audiences": {"type": "list", "elements": "str"},
                "jwks_json": {"type": "str", "no_log": False},
            },
        },
        aws={"type": "dict", "options": {"account_id": {"type": "str", "required": True}}},
        saml={"type": "dict", "options": {"idp_metadata_xml": {"type": "str", "required": True}}},
    )
    run(
        module_class(argument_spec=spec, supports_check_mode=True, mutually_exclusive=[["oidc", "aws", "saml"]]),
        managed(WorkloadIdentityPoolProvider),
    )


if __name__ == "__main__":
    main()
