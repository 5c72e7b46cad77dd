"""Documentation of the options in module_utils/_spec.py WAIT_SPEC (a unit test holds the two together)."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - Seconds to wait until the change is complete. After that the task fails with the last state it saw.
    type: int
    default: 300
  wait_interval:
    description:
      - Seconds between the first two looks while waiting. The pause grows to five times this and is jittered.
    type: float
    default: 1.0
"""
