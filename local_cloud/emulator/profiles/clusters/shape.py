"""A cluster as it is kept and as it is shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import trustme

from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.paths import get_path
from local_cloud.emulator.profiles.clusters import addresses, pools, versions
from local_cloud.emulator.profiles.clusters.defaults import AUTOPROVISIONING_SCOPES, CLUSTER, NODE, fill
from local_cloud.emulator.profiles.clusters.names import default_zones, digest, link, region_of
from local_cloud.emulator.profiles.networking.places import REGIONS, zones_of
from local_cloud.emulator.schema import properties

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

DEFAULT_POOL = "default-pool"


def prepare(call: Call, body: Body) -> None:
    """What a new cluster is checked for, and what has to be there before references are."""
    location = call.name.split("/")[3]
    if location not in REGIONS and location not in zones_of(region_of(location)):
        raise invalid(f'Location "{location}" does not exist.', location="location")
    if get_path(body, "autopilot.enabled"):
        raise ApiError(
            501,
            "The local cloud does not implement Autopilot clusters: local_cloud/emulator/profiles/clusters/shape.py.",
            status="UNIMPLEMENTED",
        )
    if body.get("nodePools") and (body.get("initialNodeCount") or body.get("nodeConfig")):
        raise invalid("Cluster.initial_node_count and node_config must not be specified with node_pools.")
    body.setdefault("locations", default_zones(location))
    wanted = body.pop("nodePools", None) or [_first_pool(body)]
    call.memory["pools"] = wanted
    addresses.place(call, body)


def _first_pool(body: Body) -> Body:
    """The pool of a cluster that names none. What is asked for the cluster as a whole stays to be seen there."""
    first: Body = {"name": DEFAULT_POOL, "initialNodeCount": body.get("initialNodeCount", 0)}
    if not first["initialNodeCount"]:
        raise invalid("Cluster.initial_node_count must be greater than zero.", location="cluster.initialNodeCount")
    config = body.pop("nodeConfig", None)
    return first | ({"config": config} if config else {})


def check(call: Call, _before: Body | None, wanted: Body) -> None:
    """ApiError 400 for what cannot be: a pool of workload identities of another project."""
    pool = get_path(wanted, "workloadIdentityConfig.workloadPool")
    if pool and pool != f"{call.project}.svc.id.goog":
        raise invalid(f'Workload Identity pool "{pool}" is not "{call.project}.svc.id.goog".')


def finish(call: Call, body: Body) -> Body:
    """Everything that the server says of a cluster."""
    name = call.memory["name"]
    location = name.split("/")[3]
    for service, config in (("loggingService", "loggingConfig"), ("monitoringService", "monitoringConfig")):
        if body.get(service) == "none" and config not in body:
            body[config] = {"componentConfig": {}}
    _autoprovisioning(body)
    fill(body, CLUSTER)
    _parts(body)
    addresses.allocate(call, body)
    addresses.endpoints(call, body)
    body["location"] = body["zone"] = location
    body["selfLink"] = link(call, name)
    wanted = versions.chosen(
        str(body.get("currentMasterVersion") or body.get("initialClusterVersion", "")), "Master version"
    )
    body["currentMasterVersion"] = body["currentNodeVersion"] = wanted
    body["initialClusterVersion"] = wanted
    _window(body["maintenancePolicy"])
    body["maintenancePolicy"]["resourceVersion"] = _version_of(body["maintenancePolicy"])
    _databases(body["databaseEncryption"])
    return body


def _autoprovisioning(body: Body) -> None:
    """What node auto-provisioning has by itself once it is on."""
    autoscaling = body.get("autoscaling", {})
    if not autoscaling.get("enableNodeAutoprovisioning"):
        return
    own = autoscaling.setdefault("autoprovisioningNodePoolDefaults", {})
    if own.get("minCpuPlatform") == "automatic":
        del own["minCpuPlatform"]
    fill(own, {"oauthScopes": AUTOPROVISIONING_SCOPES, "upgradeSettings.strategy": "SURGE"})


def _parts(body: Body) -> None:
    """What only a part that was asked for has."""
    if "cloudRunConfig" in body["addonsConfig"]:
        fill(body["addonsConfig"]["cloudRunConfig"], {"loadBalancerType": "LOAD_BALANCER_TYPE_EXTERNAL"})
    if get_path(body, "confidentialNodes.enabled"):
        fill(body["confidentialNodes"], {"confidentialInstanceType": "SEV"})


def _window(policy: Body) -> None:
    """How long a daily window is (https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions)."""
    if get_path(policy, "window.dailyMaintenanceWindow") is not None:
        policy["window"]["dailyMaintenanceWindow"]["duration"] = "PT4H0M0S"


def _version_of(policy: Body) -> str:
    content = {key: value for key, value in policy.items() if key != "resourceVersion"}
    return digest(repr(sorted(content.items())), 8)


def _databases(encryption: Body) -> None:
    """What is wished is at once so."""
    if encryption.get("state") == "ALL_OBJECTS_ENCRYPTION_ENABLED":
        encryption["state"] = "ENCRYPTED"
    encryption["currentState"] = (
        "CURRENT_STATE_DECRYPTED" if encryption.get("state") == "DECRYPTED" else "CURRENT_STATE_ENCRYPTED"
    )


def view(call: Call, body: Body) -> Body:
    """The cluster with its pools, whose first says what the cluster's own nodes are like."""
    name = call.memory.get("shown") or call.memory["name"]
    found = [stored.body for stored in pools.of_cluster(call, name)]
    # Some fields are of the beta version only.
    fields = properties(call.document, call.schema)
    shown = {key: value for key, value in body.items() if key in fields}
    if found:
        shown["nodePools"] = found
        shown["nodeConfig"] = found[0]["config"]
        shown["instanceGroupUrls"] = [url for pool in found for url in pool.get("instanceGroupUrls", [])]
        count = sum(pools.size(call, pool) for pool in found)
        if count:
            shown["currentNodeCount"] = count
    else:
        # The provider reads the nodes' configuration without looking whether there is one.
        config: dict[str, Any] = {}
        fill(config, NODE)
        shown["nodeConfig"] = config
    return shown


def authority_alone(_call: Call, _body: Body) -> str:
    """Where no control plane runs: an authority that has issued nothing."""
    return base64.b64encode(trustme.CA().cert_pem.bytes()).decode()


def after_create(call: Call, body: Body) -> Body:
    """Its pools are there at once."""
    pools.create_first(call, call.memory["name"], call.memory.pop("pools"))
    return body


def after_delete(call: Call, body: Body) -> Body:
    """Instance groups of its pools go with it."""
    for url in call.memory.get("groups", []):
        call.store.remove("compute", url)
    return body
