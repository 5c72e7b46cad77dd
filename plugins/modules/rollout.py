#!/usr/bin/python
"""Roll out a set of manifests and see every replica serve, or take all of it back."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Roll out a set of manifests and see every replica serve, or take all of it back
version_added: 0.1.0
description:
  - Applies a set of Kubernetes manifests by server-side apply, in the order of their kinds, those of a wave side by
    side. Before anything is changed the server judges all of it by a dry run.
  - Waits until the Deployments of the set are taken up, updated and available and the old replicas are gone, by one
    watch over Deployments, ReplicaSets, pods and events.
  - Fails as soon as it is clear that this will not happen, with the cause, the last events and the last lines of the
    log, and restores the set as it was before.
  - A set that is there already costs two reads an object and changes nothing.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.kubernetes
  - presidential_digs.platform.kubernetes.namespace
  - presidential_digs.platform.kubernetes.rollout
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_kubernetes
options:
  manifests:
    description: The objects. One without a namespace of its own is in O(namespace).
    type: list
    elements: dict
    required: true
  secrets:
    description:
      - Values of Secrets in O(manifests), by the Secret's name and key. They appear in no result, difference or log.
    type: dict
  wait:
    description: Wait for the Deployments.
    type: bool
    default: true
  undo:
    description: When the rollout fails, put every changed object back and delete what was made.
    type: bool
    default: true
seealso:
  - module: presidential_digs.platform.rollout_undo
  - module: presidential_digs.platform.rollout_status
  - module: presidential_digs.platform.prune
"""

EXAMPLES = r"""
- name: Roll out a service
  presidential_digs.platform.rollout:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    manifests: "{{ lookup('ansible.builtin.template', 'service.yml.j2') | from_yaml_all }}"
    secrets:
      auth-service:
        JWT_SECRET: "{{ jwt_secret }}"
"""

RETURN = r"""
deployments:
  description: The Deployments of the set by name. Predicted in check mode.
  returned: success
  type: dict
  sample:
    auth-service:
      available: 2
      complete: true
      digest: sha256:0c1f
      image: us-central1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service@sha256:0c1f
      previous_revision: 4
      replicas: 2
      revision: 5
      updated: 2
objects:
  description: What was, or in check mode would be, done with each object.
  returned: always
  type: list
  elements: dict
  contains:
    object:
      description: Kind and name.
      type: str
      sample: Deployment/auth-service
    action:
      description: V(create), V(update) or V(none).
      type: str
      sample: update
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Cluster crm does not exist yet, or this identity cannot see it.
seconds:
  description: From the first change until all was well.
  returned: success, not in check mode
  type: float
  sample: 3.4
events:
  description: Warnings that came while the rollout went on, oldest first.
  returned: success, not in check mode
  type: list
  elements: str
  sample: ["Unhealthy: Readiness probe failed: connection refused"]
cause:
  description: Why the rollout failed.
  returned: when it failed
  type: dict
  sample:
    container: auth-service
    crashed: true
    deployment: auth-service
    message: exit code 1
    pod: auth-service-7d4b9c5f6-x2x7q
    reason: CrashLoopBackOff
logs:
  description: The last lines of the log of the container that failed.
  returned: when it failed
  type: list
  elements: str
  sample: ["KeyError: 'JWT_SECRET'"]
undone:
  description: What was restored, whether it serves, and the evidence.
  returned: when it failed and was taken back
  type: dict
  sample:
    evidence: "auth-service: 2 of 2 available"
    serving: true
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_spec import NAMESPACE_SPEC, ROLLOUT_WAIT_SPEC, cluster_argument_spec
from ..module_utils._rollout import roll_out
from ..module_utils._run import run


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = cluster_argument_spec(
        **NAMESPACE_SPEC,
        **ROLLOUT_WAIT_SPEC,
        manifests={"type": "list", "elements": "dict", "required": True},
        secrets={"type": "dict", "no_log": True},
        wait={"type": "bool", "default": True},
        undo={"type": "bool", "default": True},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), roll_out)


if __name__ == "__main__":
    main()
