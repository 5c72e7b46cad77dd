#!/usr/bin/python
"""Read what a registry has under a tag or digest."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Read what a registry has under a tag or digest
version_added: 0.1.0
description:
  - Reads manifest and configuration of a container image. Layers are not downloaded.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
options:
  reference:
    description: The image, as C(HOST/PATH:TAG) or C(HOST/PATH@sha256:…).
    type: str
    required: true
seealso:
  - module: presidential_digs.platform.image
"""

EXAMPLES = r"""
- name: Read an image
  presidential_digs.platform.image_info:
    reference: europe-west1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service:latest
  register: found

- name: Insist on it
  ansible.builtin.assert:
    that: found.exists
"""

RETURN = r"""
exists:
  description: Whether the registry has it.
  returned: success
  type: bool
  sample: true
image:
  description: The image, empty when there is none. C(config) is how it is started; C(size) is in bytes.
  returned: success
  type: dict
  sample:
    config:
      Entrypoint: [python, -m, auth_service]
      User: "10001:10001"
    digest: sha256:42099d28864a4cd7ba56756b5d471dfd00b8f3047ed88b17b8b80be8df96b207
    layers:
      - digest: sha256:8b83b8978a7385ffae6bfb264d79c4407c1c0d5f9f3dd07cb0eac28ff5bb9b6f
        size: 302491
    media_type: application/vnd.oci.image.manifest.v1+json
    platform: linux/amd64
    reference: "us-docker.pkg.dev/p/i/auth@sha256:42099d28864a4cd7ba56756b5d471dfd00b8f3047ed88b17b8b80be8df96b207"
    size: 302491
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._image import read_image
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        reference={"type": "str", "required": True},
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), read_image)


if __name__ == "__main__":
    main()
