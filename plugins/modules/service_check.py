#!/usr/bin/python
"""Hold a deployed service to what its data promises."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: service_check
short_description: Hold a deployed service to what its data promises
version_added: 0.1.0
description:
  - Runs named checks and gives each a verdict of V(pass), V(fail) or V(no-evidence) with its evidence.
  - A check that passes is then shown a planted fault, such as a place where nobody is or a foreign origin. One that
    does not notice it proves nothing, and its verdict is V(no-evidence).
  - A check that gets no answer, or that of a gateway which knows no backend yet (404, 502, 503, 504), is tried again
    until O(timeout). Any other wrong answer is final.
  - Fails unless every verdict is V(pass). Writes only what a check's own requests write.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.kubernetes
  - presidential_digs.platform.kubernetes.namespace
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_kubernetes
options:
  service:
    description: Name of the service.
    type: str
    required: true
  runtime:
    description: Where it runs.
    type: str
    choices: [kubernetes, cloud_run]
    default: kubernetes
  port:
    description: Port of its Service.
    type: int
  urls:
    description: Where it can be asked from outside, by the names that checks use in C(via), such as C(public).
    type: dict
    default: {}
  environment:
    description: Variables that it must have, for checks of the kind C(environment).
    type: dict
    default: {}
  secret_variables:
    description: Variables that it must have from a secret.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds for which a check that nobody answers yet is tried again.
    type: int
    default: 60
  checks:
    description: What to check.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the verdict.
        type: str
        required: true
      kind:
        description:
          - V(http) asks once, V(steps) asks several times, each request building on the ones before.
          - V(cors) asks as the browser of a page of O(checks[].origin) would.
          - V(tls) looks at the certificate, V(private) at the address, V(environment) at the variables.
        type: str
        choices: [http, steps, cors, tls, private, environment]
        required: true
      via:
        description: Where to ask; V(cluster) is the Service inside, another name one of O(urls).
        type: str
        default: public
      method:
        description: Method of the request.
        type: str
        default: GET
      path:
        description: Path of the request.
        type: str
      status:
        description: Statuses of which the answer must have one. Without it 200.
        type: raw
      json_has:
        description: What the JSON of the answer must have, by dotted path.
        type: dict
      origin:
        description: The origin that must be allowed.
        type: str
      steps:
        description:
          - Requests with C(method), C(path), C(headers), C(json) or C(file), and of the answer C(status) and
            C(json_has).
          - C(keep) maps names to dotted paths of the answer; later texts refer to them as C({name}). C({nonce}) is new
            in each run.
        type: list
        elements: dict
      control:
        description: The planted fault of V(steps), which must fail. C(drop) leaves out a step, C(replace) kept values.
        type: dict
seealso:
  - module: presidential_digs.platform.rollout
"""

EXAMPLES = r"""
- name: Check the service
  presidential_digs.platform.service_check:
    project: presidential-digs-crm-dev
    location: us-central1
    cluster: crm
    namespace: crm
    service: auth-service
    port: 3001
    urls:
      public: http://203.0.113.20:3001
    checks:
      - name: health
        kind: http
        path: /api/auth/health
      - name: cors
        kind: cors
        path: /api/auth/login
        origin: https://app.dev.crm.presidential-digs.example
"""

RETURN = r"""
verdicts:
  description: One verdict a check. In check mode nothing is asked, and each is V(no-evidence).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Service and check.
      type: str
      sample: auth-service.health
    verdict:
      description: V(pass), V(fail) or V(no-evidence).
      type: str
      sample: pass
    evidence:
      description: What was seen.
      type: str
      sample: "GET /api/auth/health at http://203.0.113.20:3001: status 200"
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_spec import NAMESPACE_SPEC, cluster_argument_spec
from ..module_utils._run import run
from ..module_utils._service_check import CHECK_SPEC, check_service


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = cluster_argument_spec(
        **NAMESPACE_SPEC,
        **CHECK_SPEC,
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), check_service)


if __name__ == "__main__":
    main()
