#!/usr/bin/python
"""Keep a Cloud Run service present or absent, served by a revision that is ready."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_run_service
short_description: Keep a Cloud Run service present or absent, served by a revision that is ready
version_added: 0.1.0
description:
  - Creates a service or gives it a new revision, waits until the revision is ready, and sends all requests to it.
  - When the revision does not get ready, the task fails with what Cloud Run says of it and the last lines of its log,
    and all requests go to the revision that served before.
  - What is not declared is left as it is. O(environment) with O(secrets), and O(labels), replace what is there.
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
  location:
    description: The region.
    type: str
    required: true
  name:
    description: Name of the service.
    type: str
    required: true
  image:
    description: The image by its digest.
    type: str
  command:
    description: The command in place of the image's own.
    type: list
    elements: str
  port:
    description: The port on which the container listens; it is told by E(PORT).
    type: int
  environment:
    description: Variables and their texts.
    type: dict
  secrets:
    description: Variables and the secrets of Secret Manager that they hold, each as NAME or NAME:VERSION.
    type: dict
  cpu:
    description: Processors of an instance, such as V(1) or V(1000m).
    type: str
  memory:
    description: Memory of an instance, such as V(512Mi).
    type: str
  min_instances:
    description: How many instances are kept without requests.
    type: int
  max_instances:
    description: How many there may be.
    type: int
  service_account:
    description: Mail address of the service account that the container is.
    type: str
  ingress:
    description: From where requests are taken.
    type: str
    choices: [all, internal, internal_and_load_balancers]
  public:
    description: Whether anybody may call it, without C(roles/run.invoker).
    type: bool
  startup_probe:
    description: How an instance is asked whether it has started.
    type: dict
    suboptions:
      http:
        description: A path.
        type: str
      tcp:
        description: Whether to open a connection only.
        type: bool
        default: false
      initial_delay_seconds:
        description: Seconds before the first time.
        type: int
      period_seconds:
        description: Seconds between two times.
        type: int
      timeout_seconds:
        description: Seconds for an answer.
        type: int
      failure_threshold:
        description: After how many failures it has failed.
        type: int
  liveness_probe:
    description: How an instance is asked whether it still works.
    type: dict
    suboptions:
      http:
        description: A path.
        type: str
      tcp:
        description: Whether to open a connection only.
        type: bool
        default: false
      initial_delay_seconds:
        description: Seconds before the first time.
        type: int
      period_seconds:
        description: Seconds between two times.
        type: int
      timeout_seconds:
        description: Seconds for an answer.
        type: int
      failure_threshold:
        description: After how many failures it has failed.
        type: int
  network:
    description: Network of the VPC that instances send requests into.
    type: str
  subnetwork:
    description: Subnetwork that instances have their addresses of.
    type: str
  vpc_egress:
    description: Which requests go into the VPC.
    type: str
    choices: [private_ranges, all]
  labels:
    description: All labels of the service.
    type: dict
  revision:
    description: Name of a revision to which all requests go; nothing else is changed then.
    type: str
  undo:
    description: When a new revision does not get ready, send all requests to the one that served before.
    type: bool
    default: true
  state:
    description: V(absent) deletes the service with all its revisions.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.rollout
"""

EXAMPLES = r"""
- name: Have the pages
  presidential_digs.platform.cloud_run_service:
    project: presidential-digs-crm-dev
    location: us-central1
    name: frontend
    image: "us-central1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/frontend@sha256:{{ 'a' * 64 }}"
    port: 3000
    environment:
      ENVIRONMENT: dev
    startup_probe:
      http: /api/health
    ingress: internal_and_load_balancers
    public: true

- name: Go back to what served before
  presidential_digs.platform.cloud_run_service:
    project: presidential-digs-crm-dev
    location: us-central1
    name: frontend
    revision: frontend-00007-abc
"""

RETURN = r"""
service:
  description:
    - The service as the API shows it, but for its first container, which is under C(template.container) with its
      variables by name. Empty when absent, predicted in check mode.
  returned: success
  type: dict
  sample:
    ingress: INGRESS_TRAFFIC_ALL
    latestReadyRevision: projects/p/locations/us-central1/services/frontend/revisions/frontend-00002-b7c
    name: projects/p/locations/us-central1/services/frontend
    uri: https://frontend-123456.us-central1.run.app
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: The API is not enabled yet, so nothing of this kind can exist.
previous_revision:
  description: The revision that was ready before, empty when there was none.
  returned: success
  type: str
  sample: frontend-00001-a1b
logs:
  description: The last lines that the revision wrote.
  returned: when a revision did not get ready
  type: list
  elements: str
  sample: ["Error: listen EADDRINUSE"]
cause:
  description: The condition that says why.
  returned: when a revision did not get ready
  type: dict
  sample:
    message: The user-provided container failed to start and listen on the port defined by PORT=3000.
    state: CONDITION_FAILED
    type: Ready
undone:
  description: Which revision serves again, and the evidence.
  returned: when a revision did not get ready and there was one before
  type: dict
  sample:
    evidence: Revision frontend-00001-a1b serves all requests again
    revision: frontend-00001-a1b
    serving: true
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._cloud_run import CLOUD_RUN_SPEC, keep_service
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        **CLOUD_RUN_SPEC,
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), keep_service)


if __name__ == "__main__":
    main()
