#!/usr/bin/python
"""Take a Deployment back to a revision before."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_undo
short_description: Take a Deployment back to a revision before
version_added: 0.1.0
description:
  - Applies the pod template of a revision that the Deployment's ReplicaSets still hold, and waits until it serves.
  - ConfigMaps and Secrets that carry their content's hash in their name are those of the revision again.
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
  name:
    description: Name of the Deployment.
    type: str
    required: true
  to_revision:
    description:
      - The revision. Without it the newest before the present, so that a second run goes back once more; with it a
        second run changes nothing.
    type: int
seealso:
  - module: presidential_digs.platform.rollout
  - module: presidential_digs.platform.rollout_status
"""

EXAMPLES = r"""
- name: Go back to what served before
  presidential_digs.platform.rollout_undo:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    name: auth-service
"""

RETURN = r"""
rollout:
  description: The Deployment. Predicted in check mode.
  returned: success
  type: dict
  sample:
    available: 2
    complete: true
    digest: sha256:0c1f
    from_revision: 5
    image: us-central1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service@sha256:0c1f
    replicas: 2
    revision: 6
    to_revision: 4
    updated: 2
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_spec import NAMESPACE_SPEC, ROLLOUT_WAIT_SPEC, cluster_argument_spec
from ..module_utils._rollout_undo import undo
from ..module_utils._run import run


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = cluster_argument_spec(
        **NAMESPACE_SPEC,
        **ROLLOUT_WAIT_SPEC,
        name={"type": "str", "required": True},
        to_revision={"type": "int"},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), undo)


if __name__ == "__main__":
    main()
