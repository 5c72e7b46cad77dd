#!/usr/bin/python
"""Read Cloud Storage buckets."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: bucket_info
short_description: Read Cloud Storage buckets
version_added: 0.1.0
description:
  - Reads one bucket by its name, or the buckets of a project.
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
options:
  name:
    description: Name of the one bucket to read.
    type: str
  project:
    description: Id of the project whose buckets to read.
    type: str
  prefix:
    description: With O(project), read only buckets whose name begins with this.
    type: str
seealso:
  - module: presidential_digs.platform.bucket
"""

EXAMPLES = r"""
- name: Read the buckets of the environment
  presidential_digs.platform.bucket_info:
    project: presidential-digs-crm-dev
    prefix: presidential-digs-crm-dev-
"""

RETURN = r"""
buckets:
  description: The buckets, empty when there are none.
  returned: success
  type: list
  elements: dict
  sample:
    - id: presidential-digs-crm-dev-tfstate
      location: US-CENTRAL1
      name: presidential-digs-crm-dev-tfstate
      storageClass: STANDARD
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._listing import list_buckets
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        name={"type": "str"},
        project={"type": "str"},
        prefix={"type": "str"},
    )
    run(
        module_class(
            argument_spec=spec,
            supports_check_mode=True,
            required_one_of=[["name", "project"]],
            mutually_exclusive=[["name", "project"]],
        ),
        list_buckets,
    )


if __name__ == "__main__":
    main()
