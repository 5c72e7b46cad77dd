"""Options that the terraform modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragments terraform, terraform.state, terraform.run, terraform.saved_plan and terraform.policy."""

    DOCUMENTATION = r"""
options:
  root:
    description:
      - Directory of the root module. It is only read; terraform works in a copy of the root and of the local modules
        it uses, below O(work_directory).
      - Values beside it (C(terraform.tfvars), C(*.auto.tfvars)) are ignored with a warning, since O(variables) is
        the only place of a value.
    type: path
    required: true
  work_directory:
    description:
      - Directory of this run for this root, made with mode 0700 when it is not there. Holds the copy of the root,
        the plan file and terraform's own logs, all with mode 0600.
    type: path
    required: true
  binary:
    description:
      - The binary to run, a path or a name on PATH. Without it C(terraform), else C(tofu).
    type: path
  variables:
    description:
      - Values of the root's input variables. Written to C(<root>.auto.tfvars.json) in the copy; never put on a
        command line.
      - A variable that the root does not declare, or declares sensitive or ephemeral, is refused before terraform is
        started.
    type: dict
  protect:
    description:
      - Value of the root's variable C(protect), which says whether its resources refuse to be destroyed. Teardown
        applies V(false) first and destroys in a second pass.
    type: bool
  targets:
    description: Addresses to plan alone, for emergencies.
    type: list
    elements: str
    default: []
"""

    STATE = r"""
options:
  state_bucket:
    description: Cloud Storage bucket of the state. Either this with O(state_prefix), or O(state_file).
    type: str
  state_prefix:
    description: Prefix in O(state_bucket); one a root.
    type: str
  state_file:
    description: File of the state, for a root whose state is on this machine.
    type: path
  cache_directory:
    description:
      - Directory that the runs of a checkout share, for what C(init) made, downloaded providers, and notes about who
        is about to take a lock.
      - Without it everything is kept in the work directory of the run, and C(init) runs each time.
    type: path
"""

    RUN = r"""
options:
  sensitive_variables:
    description:
      - Values of sensitive and ephemeral input variables. Handed to terraform in its environment and kept in no file
        of ours.
      - Terraform itself keeps what is not ephemeral in the plan file and in the state; use ephemeral variables with
        write-only arguments for what must be in neither.
    type: dict
  timeout:
    description:
      - Seconds after which terraform is stopped. As for Ctrl-C and Ansible's C(timeout), it gets one interrupt and
        up to 180 seconds to finish calls under way, save the state and give back its lock.
    type: int
    default: 3600
  lock_timeout:
    description: Seconds to wait for a state lock that another run holds.
    type: int
    default: 60
  parallelism:
    description: How many resources terraform works on at a time.
    type: int
    default: 10
"""

    SAVED_PLAN = r"""
options:
  plan_file:
    description: The plan file, as M(presidential_digs.platform.terraform_plan) returned it.
    type: path
    required: true
  plan_sha256:
    description: The SHA-256 of the plan that was examined. Any other file is refused.
    type: str
    required: true
"""

    POLICY = r"""
options:
  policy:
    description: What a plan may not do. Without it a plan may do everything.
    type: dict
    suboptions:
      deny:
        description: Actions that are refused.
        type: list
        elements: str
        choices: [create, update, replace, delete, forget]
        default: [delete, replace]
      allow:
        description:
          - Globs of resource addresses for which O(policy.deny) does not hold. V(*) stands for any text and V(?) for
            one character; brackets stand for themselves.
        type: list
        elements: str
        default: []
      inventory_key:
        description: Name of the variable that holds O(policy.allow), for the message of a refusal.
        type: str
        default: policy.allow
"""
