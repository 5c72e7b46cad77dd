"""What the modules have in common, stated once: check mode, diff mode, idempotence, action groups."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Predicts what would be changed and returns the predicted object, without changing anything.
  diff_mode:
    support: full
    description: Returns the managed fields before and after, with secrets hidden.
  idempotent:
    support: full
    description: A second run with the same options changes nothing and says so.
"""

    ACTIONGROUP_GOOGLE = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/presidential_digs.platform.google) in C(module_defaults) to set options for this module.
    support: full
    membership:
      - presidential_digs.platform.google
"""

    ACTIONGROUP_TERRAFORM = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/presidential_digs.platform.terraform) in C(module_defaults) to set options for this module.
    support: full
    membership:
      - presidential_digs.platform.terraform
"""

    ACTIONGROUP_KUBERNETES = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/presidential_digs.platform.kubernetes) in C(module_defaults) to set options for this module.
    support: full
    membership:
      - presidential_digs.platform.kubernetes
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Only reads, so it does the same in check mode.
  diff_mode:
    support: N/A
    description: Never changes anything.
  idempotent:
    support: full
    description: Never changes anything.
"""
