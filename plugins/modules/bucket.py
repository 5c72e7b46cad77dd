#!/usr/bin/python
"""Keep a Cloud Storage bucket present or absent."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: bucket
short_description: Keep a Cloud Storage bucket present or absent
version_added: 0.1.0
description:
  - Creates a bucket and keeps its protection, versioning, lifecycle and labels as declared.
  - What is not declared is left as it is. A list or dictionary that is declared replaces the present one, so what it
    does not name is removed.
  - Who may use the bucket is the matter of M(presidential_digs.platform.iam_binding).
author:
  - Presidential Digs platform team (@presidential-digs)
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.wait
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_google
options:
  name:
    description: Name of the bucket, unique in the world.
    type: str
    required: true
  project:
    description: Id of the project that a new bucket goes to. Required to create one.
    type: str
  location:
    description: Region, dual-region or multi-region. It can never be changed. A new bucket goes to V(US) when left out.
    type: str
  storage_class:
    description: Class of new objects. A new bucket gets V(STANDARD) when left out.
    type: str
    choices: [STANDARD, NEARLINE, COLDLINE, ARCHIVE]
  versioning:
    description: Whether overwritten and deleted objects are kept as noncurrent versions.
    type: bool
  uniform_bucket_level_access:
    description: Whether only the bucket's IAM policy decides, and no object has its own access list.
    type: bool
  public_access_prevention:
    description: V(enforced) refuses every grant to C(allUsers) and C(allAuthenticatedUsers).
    type: str
    choices: [enforced, inherited]
  lifecycle_rules:
    description: All lifecycle rules of the bucket. An empty list removes them.
    type: list
    elements: dict
    suboptions:
      action:
        description: What is done.
        type: dict
        required: true
        suboptions:
          type:
            description: The action.
            type: str
            choices: [Delete, SetStorageClass, AbortIncompleteMultipartUpload]
            required: true
          storage_class:
            description: The class that V(SetStorageClass) sets.
            type: str
            choices: [STANDARD, NEARLINE, COLDLINE, ARCHIVE]
      condition:
        description: When it is done. All conditions that are given must hold, and at least one must be given.
        type: dict
        required: true
        suboptions:
          age:
            description: Days since the object was made.
            type: int
          created_before:
            description: A date such as V(2026-11-23).
            type: str
          custom_time_before:
            description: A date.
            type: str
          days_since_custom_time:
            description: Days.
            type: int
          days_since_noncurrent_time:
            description: Days since the version was replaced.
            type: int
          noncurrent_time_before:
            description: A date.
            type: str
          is_live:
            description: Whether the rule is for live versions or for noncurrent ones.
            type: bool
          matches_prefix:
            description: Beginnings of object names.
            type: list
            elements: str
          matches_storage_class:
            description: Storage classes.
            type: list
            elements: str
          matches_suffix:
            description: Ends of object names.
            type: list
            elements: str
          num_newer_versions:
            description: How many newer versions there must be.
            type: int
  retention_period:
    description: Seconds for which no object can be deleted or replaced. V(0) removes the policy.
    type: int
  soft_delete_retention:
    description: Seconds for which deleted objects can be restored, 604800 to 7776000. V(0) switches soft delete off.
    type: int
  default_kms_key_name:
    description: Full name of the key that encrypts new objects. An empty string goes back to Google's own.
    type: str
  labels:
    description: All labels of the bucket. An empty dictionary removes them.
    type: dict
  delete_objects:
    description: With O(state=absent), delete every version of every object first.
    type: bool
    default: false
  state:
    description: V(absent) deletes the bucket. Cloud Storage refuses while there are objects in it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: presidential_digs.platform.bucket_info
  - module: presidential_digs.platform.iam_binding
"""

EXAMPLES = r"""
- name: Have the bucket for Terraform states
  presidential_digs.platform.bucket:
    name: presidential-digs-crm-dev-tfstate
    project: presidential-digs-crm-dev
    location: us-central1
    versioning: true
    uniform_bucket_level_access: true
    public_access_prevention: enforced
    soft_delete_retention: 604800
    lifecycle_rules:
      - action:
          type: Delete
        condition:
          num_newer_versions: 20
          is_live: false
    labels:
      environment: dev

- name: Delete it
  presidential_digs.platform.bucket:
    name: presidential-digs-crm-dev-tfstate
    state: absent
"""

RETURN = r"""
bucket:
  description: The bucket as the JSON API shows it, empty when absent. Predicted in check mode.
  returned: success
  type: dict
  sample:
    iamConfiguration:
      publicAccessPrevention: enforced
      uniformBucketLevelAccess:
        enabled: true
    id: presidential-digs-crm-dev-tfstate
    kind: storage#bucket
    location: US-CENTRAL1
    name: presidential-digs-crm-dev-tfstate
    storageClass: STANDARD
    versioning:
      enabled: true
assumed:
  description: In check mode, why nothing could be looked at because an earlier task only predicted its work.
  returned: when something had to be assumed
  type: str
  sample: Project presidential-digs-crm-dev does not exist yet, or this identity cannot see it.
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bucket import BUCKET_SPEC, Bucket
from ..module_utils._resource import managed
from ..module_utils._run import run
from ..module_utils._spec import STATE_SPEC, WAIT_SPEC, argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    spec = argument_spec(
        **STATE_SPEC,
        **WAIT_SPEC,
        **BUCKET_SPEC,
    )
    run(module_class(argument_spec=spec, supports_check_mode=True), managed(Bucket))


if __name__ == "__main__":
    main()
