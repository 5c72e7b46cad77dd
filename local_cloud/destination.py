"""Where a request goes, in the words of fault rules and the journal, and what answers it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloud.emulator.http import Request, Response

# The style of error bodies where no API is known: code, message, status.
DEFAULT_STYLE = "aip"


@dataclass(frozen=True)
class Destination:
    """`service` is `compute`, `method_id` `compute.networks.insert`, `resource` `projects/p/global/networks/n`.

    All three are empty where no method was found. `style` is that of the API's error bodies.
    """

    service: str
    method_id: str
    resource: str
    style: str
    answer: Callable[[Request], Response]
