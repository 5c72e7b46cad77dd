"""What compute resources do beyond their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ProviderError

if TYPE_CHECKING:
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values


def network_body(body: dict[str, Any], state: Values, _verb: str, _engine: Engine) -> dict[str, Any]:
    """`delete_bgp_always_compare_med` travels with the routing configuration and clears the field it names."""
    routing = body.get("routingConfig")
    if routing is None:
        return body
    clear = bool(state.get("delete_bgp_always_compare_med"))
    if clear and state.get("bgp_always_compare_med") is True:
        raise ProviderError(
            "bgp_always_compare_med cannot be true while delete_bgp_always_compare_med is true",
            path=("delete_bgp_always_compare_med",),
        )
    routing["deleteBgpAlwaysCompareMed"] = clear
    if clear:
        routing["bgpAlwaysCompareMed"] = None
    return body
