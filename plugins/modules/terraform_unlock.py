#!/usr/bin/python
"""Give back a Terraform state lock that its holder left behind."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform_unlock
short_description: Give back a Terraform state lock that its holder left behind
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Says who holds the lock of a state, since when and for what, and releases it when the guards allow.
  - Asked by O(lock_id), it releases that lock when it is older than O(minimum_age) or its holder is provably gone.
  - With O(only_if_holder_is_gone) it needs no id and releases a lock only with proof, namely that a run of this
    checkout
    noted that it was about to take it, on this machine, that this run is dead, and that no terraform process is alive
    here which is as old as the lock. A run does that before it plans, so that a killed one does not stop the next.
  - The lock of a state in a file is a lock of the kernel; it ends with its process and is never broken by this
    module.
options:
  lock_id:
    description: The id of the lock, as the failure V(STATE_LOCKED) names it. Any other lock is left alone.
    type: str
  minimum_age:
    description: Seconds that the lock must have been held.
    type: int
    default: 3600
  only_if_holder_is_gone:
    description: Release the lock, whatever its id, if its holder is provably gone, and leave it alone otherwise.
    type: bool
    default: false
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.terraform.state
  - presidential_digs.platform.attributes
  - presidential_digs.platform.attributes.actiongroup_terraform
attributes:
  check_mode:
    description: Shows the lock and whether it would be released.
  diff_mode:
    description: Returns the lock that was released.
"""

EXAMPLES = r"""
- name: Release what a run of this machine left behind when it was killed
  presidential_digs.platform.terraform_unlock:
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
    cache_directory: .runs/dev/cache
    only_if_holder_is_gone: true

- name: Release the lock of a runner that is known to be gone
  presidential_digs.platform.terraform_unlock:
    state_bucket: presidential-digs-crm-dev-tfstate
    state_prefix: roots/network
    lock_id: "1795662000000000"
    minimum_age: 900
"""

RETURN = r"""
lock:
  description: The lock that was found. Null when the state is not locked.
  returned: always
  type: dict
  contains:
    id:
      description: The id that O(lock_id) and C(terraform force-unlock) take.
      type: str
      sample: "1795662000000000"
    who:
      description: User and machine.
      type: str
      sample: ci@runner-7
    created:
      description: When the lock was taken, ISO 8601.
      type: str
      sample: "2026-11-23T01:43:46+00:00"
    age_seconds:
      description: For how long it has been held.
      type: int
      sample: 5400
    operation:
      description: What it was taken for.
      type: str
      sample: apply
    path:
      description: Where the lock is.
      type: str
      sample: gs://presidential-digs-crm-dev-tfstate/roots/network/default.tflock
    version:
      description: Version of terraform that took it.
      type: str
      sample: 1.11.4
why:
  description: Why the lock was released or left alone.
  returned: success
  type: str
  sample: the state is not locked
failure:
  description: V(LOCK_ID_MISMATCH), V(LOCK_TOO_YOUNG), V(LOCK_HELD_HERE), or Google's reason.
  returned: failure
  type: dict
  sample:
    reason: LOCK_TOO_YOUNG
    status: null
    message: "The lock is younger than minimum_age (3600 s), so its run may be alive: ci@runner has
      held it for 41 s (since …)."
    hint: "Wait, or lower minimum_age when you know that the run is dead."
    request: ""
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._client import Client
from ..module_utils._run import run
from ..module_utils._spec import argument_spec
from ..module_utils._terraform_spec import STATE_PLACE_SPEC, STATE_RULES
from ..module_utils._terraform_unlocking import unlock


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Release the lock that the task names, or that nobody holds any more."""
    module = module_class(
        argument_spec=argument_spec(
            **STATE_PLACE_SPEC,
            lock_id={"type": "str"},
            minimum_age={"type": "int", "default": 3600},
            only_if_holder_is_gone={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
        required_one_of=STATE_RULES["required_one_of"],
        required_together=STATE_RULES["required_together"],
        required_if=[
            ("only_if_holder_is_gone", False, ("lock_id",)),
            ("only_if_holder_is_gone", True, ("cache_directory",)),
        ],
        mutually_exclusive=[*STATE_RULES["mutually_exclusive"], ("lock_id", "only_if_holder_is_gone")],
    )
    run(module, _unlock)


def _unlock(module: AnsibleModule) -> dict[str, Any]:
    storage = Client.from_params(module.params) if module.params["state_bucket"] else None
    return unlock(module.params, storage, module.check_mode)


if __name__ == "__main__":
    main()
