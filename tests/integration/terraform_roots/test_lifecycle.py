"""Each root from an empty project and back: applied, planned again, asked for at the API, protected, taken down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.terraform_roots.examples import COMPUTE, EXAMPLES, NETWORK, REGION, foundation
from tests.integration.terraform_roots.workspace import Workspace


def listed(root: Workspace) -> dict[str, int]:
    """How many of each kind the API lists, by its URL."""
    found = {}
    for url, field in EXAMPLES[root.name].kinds:
        answer = root.cloud.get(url)
        answer.raise_for_status()
        found[url] = len(answer.json().get(field, []))
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_lifecycle(name: str, workspace: Callable[[str], Workspace], project_number: str) -> None:
    """Apply, empty plan, a refused destroy, protection lifted, destroy: nothing is left in the cloud or the state."""
    variables = EXAMPLES[name].variables(project_number)
    root = workspace(name)
    EXAMPLES[name].prepare(root.cloud)
    before = listed(root)
    root.told(variables)
    root.apply()
    assert root.is_empty_plan()
    made = listed(root)
    assert all(made[kind] > before[kind] for kind in made)

    assert "cannot destroy" in root.destroy(expect=1)
    kept = listed(root)
    assert kept == made

    root.told(variables | dict(EXAMPLES[name].adopted) | {"protect": False})
    root.apply()
    assert root.is_empty_plan()
    root.destroy()
    assert listed(root) == before
    assert root.terraform("state", "list") == ""


def test_network_as_the_api_tells_it(workspace: Callable[[str], Workspace]) -> None:
    """The API shows the network that story 3 asks for, not only the state."""
    root = workspace("network")
    root.told(NETWORK)
    root.apply()

    policy = root.cloud.get(f"{COMPUTE}/global/firewallPolicies/crm").json()
    own = sorted(
        (rule for rule in policy["rules"] if rule["priority"] <= 2000000001), key=lambda rule: rule["priority"]
    )
    assert [rule["ruleName"] for rule in own] == root.outputs()["firewall_rules"]
    assert [(rule["action"], rule["direction"], rule["enableLogging"]) for rule in own[-2:]] == [
        ("deny", "INGRESS", True),
        ("deny", "EGRESS", True),
    ]
    assert [association["attachmentTarget"].rsplit("/", 1)[-1] for association in policy["associations"]] == ["crm"]

    subnetworks = {each["name"]: each for each in root.cloud.get(f"{REGION}/subnetworks").json()["items"]}
    assert {name: each.get("logConfig", {}).get("enable", False) for name, each in subnetworks.items()} == {
        "crm-database": True,
        "crm-private": True,
        "crm-proxy": False,
        "crm-public": True,
    }
    assert {each["rangeName"]: each["ipCidrRange"] for each in subnetworks["crm-private"]["secondaryIpRanges"]} == {
        "pods": "10.20.128.0/17",
        "services": "10.20.64.0/20",
    }
    routes = root.cloud.get(f"{COMPUTE}/global/routes").json()["items"]
    assert {route["destRange"] for route in routes if "nextHopGateway" in route} == {"0.0.0.0/0", "199.36.153.8/30"}

    (nat,) = root.cloud.get(f"{REGION}/routers/crm-router").json()["nats"]
    reserved = {each["selfLink"]: each["address"] for each in root.cloud.get(f"{REGION}/addresses").json()["items"]}
    assert {reserved[link] for link in nat["natIps"]} == set(root.outputs()["nat_addresses"])
    assert nat["logConfig"] == {"enable": True, "filter": "ERRORS_ONLY"}


def test_an_address_is_taken_from_the_nat_before_it_is_released(workspace: Callable[[str], Workspace]) -> None:
    """Fewer addresses are one apply: the address leaves the NAT first, or its release would be refused as in use."""
    root = workspace("network")
    root.told(NETWORK | {"protect": False, "nat": {"addresses": 3}})
    root.apply()
    root.told(NETWORK | {"protect": False, "nat": {"addresses": 1}})
    root.apply()
    assert root.is_empty_plan()
    assert len(root.outputs()["nat_addresses"]) == 1


def test_a_second_life_adopts_the_quotas_of_the_first(
    workspace: Callable[[str], Workspace], project_number: str
) -> None:
    """Google keeps a preference after destroy: made again it is refused, adopted it is taken up."""
    root = workspace("foundation")
    variables = foundation(project_number) | {"protect": False}
    root.told(variables)
    root.apply()
    root.destroy()
    assert "409" in root.terraform("apply", "-input=false", "-auto-approve", expect=1)
    root.told(variables | {"quotas_adopted": ["cpus"]})
    root.apply()
    assert root.is_empty_plan()


def test_budget_reaches_topic_and_channel(workspace: Callable[[str], Workspace], project_number: str) -> None:
    """The budget names the channel and the topic, and Cloud Billing's account may publish to it."""
    root = workspace("foundation")
    root.told(foundation(project_number))
    root.apply()
    budgets = root.cloud.get(EXAMPLES["foundation"].kinds[0][0]).json()["budgets"]
    rule = next(each["notificationsRule"] for each in budgets if each["displayName"] == "crm per month")
    assert rule["pubsubTopic"] == root.outputs()["budget_topic_id"]
    assert rule["monitoringNotificationChannels"] == [root.outputs()["notification_channel_ids"]["platform"]]
    policy = root.cloud.get(f"pubsub.googleapis.com/v1/{rule['pubsubTopic']}:getIamPolicy").json()
    assert policy["bindings"] == [
        {
            "role": "roles/pubsub.publisher",
            "members": ["serviceAccount:billing-budget-alert@system.gserviceaccount.com"],
        }
    ]
