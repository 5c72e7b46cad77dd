#!/usr/bin/python
"""Read how far Deployments are and where their Services can be reached."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_status
short_description: Read how far Deployments are and where their Services can be reached
version_added: 0.1.0
description:
  - Reads Deployments with their history of revisions, and Services with their addresses.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.kubernetes
  - presidential_digs.platform.kubernetes.namespace
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_kubernetes
options:
  names:
    description: Names to read. Without them all.
    type: list
    elements: str
    default: []
  labels:
    description: Read only what has all these labels.
    type: dict
    default: {}
seealso:
  - module: presidential_digs.platform.rollout
"""

EXAMPLES = r"""
- name: Read what runs
  presidential_digs.platform.rollout_status:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    labels:
      app.kubernetes.io/managed-by: presidential-digs
"""

RETURN = r"""
deployments:
  description: Deployments by name, each with its history.
  returned: success
  type: dict
  sample:
    auth-service:
      available: 2
      complete: true
      digest: sha256:0c1f
      history:
        - image: us-central1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service@sha256:0c1f
          replicas: 2
          revision: 5
      image: us-central1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service@sha256:0c1f
      replicas: 2
      revision: 5
      updated: 2
services:
  description: Services by name. Their C(address) is the load balancer's.
  returned: success
  type: dict
  sample:
    auth-service:
      address: 203.0.113.20
      cluster_ip: 10.8.3.4
      port: 3001
      type: LoadBalancer
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_spec import NAMESPACE_SPEC, cluster_argument_spec
from ..module_utils._rollout_undo import status
from ..module_utils._run import run


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = cluster_argument_spec(
        **NAMESPACE_SPEC,
        names={"type": "list", "elements": "str", "default": []},
        labels={"type": "dict", "default": {}},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), status)


if __name__ == "__main__":
    main()
