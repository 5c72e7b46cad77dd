"""Run the module of this file's own name inside the task worker (the other files here are links to this one)."""

from __future__ import annotations

from importlib import import_module

from ..plugin_utils.in_worker import InWorkerAction

_NOUN = import_module(f"..modules.{__name__.rpartition('.')[2]}", __package__)


class ActionModule(InWorkerAction):
    module = _NOUN
