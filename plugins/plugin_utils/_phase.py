"""Say to which phase of a run a play or a task belongs, and whether a failed task is going to be rescued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.playbook.block import Block

if TYPE_CHECKING:
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

SPECIAL_TAGS = frozenset({"always", "never", "tagged", "untagged", "all"})
"""Tags with a meaning of their own in Ansible; they name no phase."""


PHASES = ("preflight", "bootstrap", "infrastructure", "images", "services", "edge", "conversation", "report")
"""The phases of site.yml (docs/architecture.md, section 4). Ansible keeps no order of tags, so names must tell."""


def phase_of_play(play: Play) -> str | None:
    """The tag of a play that is a phase; in a play of another kind its only tag."""
    tags = {str(tag) for tag in play.tags} - SPECIAL_TAGS
    known = [phase for phase in PHASES if phase in tags]
    return known[0] if known else tags.pop() if len(tags) == 1 else None


def phase_of_task(task: Task, play: Play | None) -> str:
    """The phase of the play; in a play without one each role is a phase, and the rest belongs to the play's name."""
    phase = phase_of_play(play) if play else None
    if phase:
        return phase
    if task._role:
        return str(task._role.get_name(include_role_fqcn=False))
    return (play.get_name() if play else "") or "tasks"


def is_rescued(task: Task) -> bool:
    """Whether a block around the task has a `rescue` and the task stands in its `block` part."""
    child, parent = task, task._parent
    while parent:
        if isinstance(parent, Block) and parent.rescue and any(entry._uuid == child._uuid for entry in parent.block):
            return True
        child, parent = parent, parent._parent
    return False
