#!/usr/bin/python
"""Have a container image in a registry, built from a directory only when something in it changed."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Have a container image in a registry
version_added: 0.1.0
description:
  - Builds an image from a Dockerfile and pushes it to Artifact Registry, or verifies that an image given by its
    reference is there.
  - Nothing is built or pushed when nothing changed. What an image is made of (the Dockerfile, the files it copies, its
    base, arguments, labels and platform) has a hash, and the registry is asked for the tag C(inputs-HASH).
  - Docker or Podman build where one of them works. Otherwise the image is composed without an engine from what the
    Dockerfile says; the same inputs then give the same digest.
  - "What can be composed: stages, C(COPY) and C(ADD) of files of the context or of another stage, C(ARG), C(ENV),
    C(WORKDIR), C(USER), C(EXPOSE), C(LABEL), C(VOLUME), C(STOPSIGNAL), C(ENTRYPOINT), C(CMD), and as C(RUN) the
    commands C(pip install --require-hashes -r FILE) with C(--target), C(--prefix) or the pip of a virtual environment,
    C(python -m venv) and C(mkdir -p). Anything else is refused with file and line."
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  reference:
    description:
      - An image that is there already, as C(HOST/PATH@sha256:…). It is only verified that it can be pulled.
    type: str
  repository:
    description: Where the image goes, as C(HOST/PATH) without a tag. Required to build.
    type: str
  context:
    description: Directory that the Dockerfile may copy from. Required to build.
    type: path
  dockerfile:
    description: The Dockerfile. Without it the file C(Dockerfile) in O(context).
    type: path
  tags:
    description:
      - Tags of the image. Without it the commit that last changed what the image is made of, marked with
        C(-changed-HASH) while that has changes which are not committed.
    type: list
    elements: str
  labels:
    description: Labels of the image.
    type: dict
    default: {}
  build_args:
    description: Values of C(ARG)s. They can be read from the image, so no secret may be among them.
    type: dict
    default: {}
  platform:
    description: For which machines the image is. Without it for machines like this one.
    type: str
    choices: [linux/amd64, linux/arm64]
  builder:
    description: V(auto) takes Docker or Podman when one answers, and composes the image otherwise.
    type: str
    choices: [auto, docker, podman, compose]
    default: auto
  host_base:
    description:
      - Whether a base image that cannot be pulled may be left out. The image then has the label
        C(digs.presidential.base=host) and runs only on the local cloud, which puts this machine's own programs below
        it.
    type: bool
    default: false
  cache_directory:
    description:
      - Directory that keeps installed packages between runs. Without it C(presidential_digs/images) below
        E(XDG_CACHE_HOME) or C(~/.cache).
    type: path
  packages_proxy:
    description:
      - URL of the proxy on the way to the index of Python packages, an empty string for none. Without it the one of
        the environment (E(HTTPS_PROXY)).
      - Falls back to E(PRESIDENTIAL_DIGS_PACKAGES_PROXY), which the local cloud sets, since it lets nothing through to
        package registries.
    type: str
requirements:
  - dockerfile-parse >= 2
seealso:
  - module: presidential_digs.platform.image_info
"""

EXAMPLES = r"""
- name: Have the image of a service
  presidential_digs.platform.image:
    repository: europe-west1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/auth-service
    context: workloads
    dockerfile: workloads/auth-service/Dockerfile
  register: built

- name: Show what is deployed
  ansible.builtin.debug:
    var: built.image.reference

- name: Verify an image that somebody else built
  presidential_digs.platform.image:
    reference: "europe-west1-docker.pkg.dev/presidential-digs-crm-dev/crm-images/other@sha256:{{ 'a' * 64 }}"
"""

RETURN = r"""
image:
  description:
    - The image. C(reference) is how it is deployed; predicted in check mode, where it is by tag when it would be built.
    - C(layers) are those that were made by this run (all of them for an image given by O(reference)).
    - C(base_digest) is C(host:pythonX.Y) for an image that runs on the local cloud only.
  returned: success
  type: dict
  sample:
    base: python:3.11-slim
    base_digest: host:python3.11
    builder: compose
    digest: sha256:42099d28864a4cd7ba56756b5d471dfd00b8f3047ed88b17b8b80be8df96b207
    inputs: 8b83b8978a7385ffae6bfb264d79c4407c1c0d5f9f3dd07cb0eac28ff5bb9b6f
    layers: []
    platform: linux/amd64
    reference: "us-docker.pkg.dev/p/i/auth@sha256:42099d28864a4cd7ba56756b5d471dfd00b8f3047ed88b17b8b80be8df96b207"
    tags: [0ab3c4ff1d0b6f5e2a9f3c1d7e8b9a0c1d2e3f40]
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Artifact Registry API has not been used in project 323824655285 before or it is disabled.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._image import IMAGE_SPEC, have_image
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    module = module_class(
        argument_spec=argument_spec(**IMAGE_SPEC),
        required_together=[("repository", "context")],
        required_one_of=[("reference", "repository")],
        mutually_exclusive=[("reference", "repository"), ("reference", "context")],
        supports_check_mode=True,
    )
    run(module, have_image)


if __name__ == "__main__":
    main()
