"""What compute resources do beyond their data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.expansion import request_body
from local_cloud.terraform_provider.failures import ProviderError
from local_cloud.terraform_provider.normalisations import last_segment, relative_path
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
# Subnetworks of these purposes refuse any log configuration, even a disabled one.
PROXY_PURPOSES: Final = frozenset({"REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"})
# The rules Google adds to every policy have priorities from here on.
FIRST_PREDEFINED_PRIORITY: Final = 2147483548


def network_body(body: Body, state: Values, _writing: Writing) -> Body:
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


def network_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """The number Google gave the network stands in two attributes."""
    return {**answer, "numericId": answer.get("id")}


async def delete_default_routes(engine: Engine, state: Values) -> None:
    """Delete the routes to 0.0.0.0/0 that a new network brings, when the resource asks for it."""
    if not state.get("delete_default_routes_on_create"):
        return
    client, values = engine.client, engine.values(state)
    project = values["project"]
    network = await engine.request(engine.specification.read, values)
    routes = engine.url("projects/{project}/global/routes", values)
    wanted = f'(network="{network["selfLink"]}") AND (destRange="0.0.0.0/0")'
    listed = await client.send("GET", routes, query={"filter": wanted}, project=project)
    for route in listed.get("items", ()):
        url = f"{routes}/{route['name']}"
        answer = await client.send("DELETE", url, project=project)
        call = engine.specification.create
        await engine.finished(
            call, engine.url(call.path, values), answer, values, "create", engine.deadline(state, "create")
        )


def subnetwork_body(body: Body, state: Values, _writing: Writing) -> Body:
    """A proxy-only subnetwork must not send a log configuration, not even one that says there is none."""
    if state.get("purpose") in PROXY_PURPOSES and not state.get("log_config") and "logConfig" in body:
        body["logConfig"] = None
    return body


def subnetwork_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """Metadata fields left over from CUSTOM_METADATA mean nothing with any other kind of metadata."""
    log = answer.get("logConfig")
    if not isinstance(log, Mapping) or log.get("metadata") == "CUSTOM_METADATA":
        return answer
    return {**answer, "logConfig": {key: value for key, value in log.items() if key != "metadataFields"}}


def subnetwork_ranges(planned: Values, prior: Values | None, config: Values) -> None:
    """Secondary ranges are told apart by name; no range at all is only sent when the resource asks for it."""
    if prior is None or planned.get("secondary_ip_range") is UNKNOWN:
        return
    written = config.get("secondary_ip_range")
    if not written:
        if config.get("send_secondary_ip_range_if_empty") is True:
            planned["secondary_ip_range"] = []
        return
    before = {each["range_name"]: each for each in prior.get("secondary_ip_range") or ()}
    names = [each["range_name"] for each in written]
    if set(names) != set(before) or names == list(before):
        return
    by_name = {each["range_name"]: each for each in planned["secondary_ip_range"]}
    planned["secondary_ip_range"] = [_survivor(before[name], by_name[name], written) for name in before]


def _survivor(before: Values, planned: Values, written: list[Values]) -> Values:
    own = next(each for each in written if each["range_name"] == planned["range_name"])
    return {name: value if own.get(name) is not None else before.get(name) for name, value in planned.items()}


def route_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """The zone of the next hop's instance has an attribute of its own."""
    instance = answer.get("nextHopInstance")
    if not instance:
        return answer
    path = relative_path(instance)
    return {**answer, "nextHopInstance": path, "nextHopInstanceZone": path.split("/")[3]}


def firewall_body(body: Body, state: Values, _writing: Writing) -> Body:
    """Without a log_config block the old argument enable_logging says whether to log."""
    if "logConfig" in body and not state.get("log_config"):
        body["logConfig"] = {"enable": state.get("enable_logging") is True}
    return body


def global_address_body(body: Body, state: Values, writing: Writing) -> Body:
    """Global addresses are of the premium tier; internal ones have no tier."""
    if writing.verb == "create" and state.get("address_type") != "INTERNAL":
        body["networkTier"] = "PREMIUM"
    return body


def firewall_sources(config: Values) -> Iterator[ProviderError]:
    """An ingress rule says where traffic comes from; log_config does not go with enable_logging = false."""
    sources = ("source_tags", "source_ranges", "source_service_accounts")
    if config.get("direction") not in ("EGRESS", UNKNOWN) and all(config.get(name) is None for name in sources):
        yield ProviderError("one of source_tags, source_ranges, or source_service_accounts must be defined")
    if isinstance(config.get("log_config"), list) and config["log_config"] and config.get("enable_logging") is False:
        yield ProviderError("log_config cannot be defined when enable_logging is false", path=("enable_logging",))


def firewall_policy_rules(body: Body, state: Values, writing: Writing) -> Body:
    """A new policy has no rules yet; an update sends Google's own rules back with ours."""
    if writing.verb == "create":
        body.pop("rules", None)
        return body
    known = state.get("predefined_rules")
    rule = {"rule": writing.engine.specification.attributes["rule"]}
    predefined = request_body(rule, {"rule": known if isinstance(known, list) else []}, writing.engine.place(state))
    return {**body, "rules": [*body.get("rules", []), *predefined.get("rules", [])]}


def firewall_policy_rules_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """Google's own rules apart from ours."""
    rules = answer.get("rules") or []
    return {
        **answer,
        "rules": [rule for rule in rules if rule["priority"] < FIRST_PREDEFINED_PRIORITY],
        "predefinedRules": [rule for rule in rules if rule["priority"] >= FIRST_PREDEFINED_PRIORITY],
    }


def router_advertisements(config: Values) -> Iterator[ProviderError]:
    """A router in advertise mode DEFAULT has nothing of its own to advertise."""
    blocks = config.get("bgp")
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, dict) or block.get("advertise_mode") not in (None, "DEFAULT"):
            continue
        for name in ("advertised_groups", "advertised_ip_ranges"):
            if block.get(name):
                yield ProviderError(
                    f"Error in bgp: {name} cannot be specified when using advertise_mode DEFAULT", path=("bgp", 0, name)
                )


def router_nat_answer(answer: Mapping[str, Any], before: Values) -> Mapping[str, Any] | None:
    """The NAT of this name among those of its router."""
    wanted = last_segment(str(before["name"]))
    return next((nat for nat in answer.get("nats") or () if nat.get("name") == wanted), None)


def router_nat_drain(planned: Values, prior: Values | None, _config: Values) -> None:
    """An address can only be drained that was in use before and is no longer."""
    before, after = _names(prior, "drain_nat_ips"), _names(planned, "drain_nat_ips")
    added = after - before
    if not added:
        return
    if prior is None:
        raise ProviderError(
            f"New RouterNat cannot have drain_nat_ips, got values {sorted(added)}", path=("drain_nat_ips",)
        )
    for name in sorted(added):
        if name not in _names(prior, "nat_ips"):
            raise ProviderError(f"drain_nat_ip {name!r} was not previously set in nat_ips", path=("drain_nat_ips",))
        if name in _names(planned, "nat_ips"):
            raise ProviderError(f"drain_nat_ip {name!r} cannot be drained if still set in nat_ips", path=("nat_ips",))


def _names(state: Values | None, attribute: str) -> set[str]:
    value = (state or {}).get(attribute)
    return {last_segment(str(each)) for each in value} if isinstance(value, list) else set()
