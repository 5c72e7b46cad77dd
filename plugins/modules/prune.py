#!/usr/bin/python
"""Delete what an owner made in a namespace and no longer wants."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: prune
short_description: Delete what an owner made in a namespace and no longer wants
version_added: 0.1.0
description:
  - Lists the objects that carry an owner's labels, leaves those that are to be kept, and deletes the rest.
  - Spares ConfigMaps and Secrets that a remembered revision of a Deployment refers to, so that it can be taken back.
  - Refuses to work without the label C(app.kubernetes.io/managed-by). What a controller made is left to it.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.kubernetes
  - presidential_digs.platform.kubernetes.namespace
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_kubernetes
options:
  labels:
    description: The owner's labels; an object that is deleted has all of them.
    type: dict
    required: true
  keep:
    description: Objects to keep, each as KIND/NAME.
    type: list
    elements: str
    required: true
  kinds:
    description:
      - Kinds to look for.
      - V(Namespace) is O(namespace) itself with all that is in it. The task waits until it is gone, and with it what
        its objects stand for outside of the cluster, such as load balancers.
    type: list
    elements: str
    choices:
      - Deployment
      - HorizontalPodAutoscaler
      - PodDisruptionBudget
      - Service
      - NetworkPolicy
      - ConfigMap
      - Secret
      - ServiceAccount
      - Namespace
    default:
      - Deployment
      - HorizontalPodAutoscaler
      - PodDisruptionBudget
      - Service
      - NetworkPolicy
      - ConfigMap
      - Secret
      - ServiceAccount
  wait_timeout:
    description: Seconds within which a namespace must be gone.
    type: int
    default: 300
seealso:
  - module: presidential_digs.platform.rollout
"""

EXAMPLES = r"""
- name: Delete what no service wants any more
  presidential_digs.platform.prune:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    labels:
      app.kubernetes.io/managed-by: presidential-digs
      app.kubernetes.io/part-of: crm
    keep:
      - Deployment/auth-service
      - Service/auth-service

- name: Take the namespace down with all that is in it
  presidential_digs.platform.prune:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    labels:
      app.kubernetes.io/managed-by: presidential-digs
    keep: []
    kinds: [Namespace]
"""

RETURN = r"""
pruned:
  description: What was deleted, in check mode what would be.
  returned: success
  type: list
  elements: str
  sample: [ConfigMap/auth-service-3f2a91c0de]
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Cluster crm does not exist yet, or this identity cannot see it.
kept:
  description: What was found and is to be kept.
  returned: success
  type: list
  elements: str
  sample: [Deployment/auth-service]
spared:
  description: What nobody wants but a remembered revision refers to.
  returned: success
  type: list
  elements: str
  sample: [ConfigMap/auth-service-77b1c04e1a]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_kinds import NAMESPACE
from ..module_utils._kubernetes_spec import NAMESPACE_SPEC, cluster_argument_spec
from ..module_utils._prune import PRUNABLE, prune
from ..module_utils._run import run


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    kinds = list(PRUNABLE)
    spec = cluster_argument_spec(
        **NAMESPACE_SPEC,
        labels={"type": "dict", "required": True},
        keep={"type": "list", "elements": "str", "required": True},
        kinds={"type": "list", "elements": "str", "choices": [*kinds, NAMESPACE.name], "default": kinds},
        wait_timeout={"type": "int", "default": 300},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), prune)


if __name__ == "__main__":
    main()
