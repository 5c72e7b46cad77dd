"""What Cloud DNS resources do beyond their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values


def managed_zone_body(body: dict[str, Any], state: Values, writing: Writing) -> dict[str, Any]:
    """The API wants the whole zone back, with what it had worked out itself."""
    if writing.verb == "create":
        return body
    return {
        **body,
        "nameServers": state.get("name_servers") or [],
        "id": state.get("managed_zone_id"),
        "creationTime": state.get("creation_time"),
    }


async def delete_records(engine: Engine, prior: Values) -> None:
    """Empty a zone that is deleted with force_destroy; what every zone has to have stays."""
    if not prior.get("force_destroy"):
        return
    values = engine.values(prior)
    records = engine.url("projects/{project}/managedZones/{name}/rrsets", values)
    changes = engine.url("projects/{project}/managedZones/{name}/changes", values)
    token = ""
    while True:
        query = {"pageToken": token} if token else {}
        page = await engine.client.send("GET", records, query=query, project=values["project"])
        for record in page.get("rrsets", ()):
            if record["type"] == "SOA" or (record["type"] == "NS" and record["name"] == prior["dns_name"]):
                continue
            kept = {key: record[key] for key in ("name", "type", "ttl", "rrdatas", "routingPolicy") if key in record}
            await change_records(engine, changes, {"deletions": [kept]}, values, engine.deadline(prior, "delete"))
        token = page.get("nextPageToken", "")
        if not token:
            return


async def detach_networks(engine: Engine, prior: Values) -> None:
    """A policy can only be deleted when no network uses it."""
    if prior.get("networks"):
        values = engine.values(prior)
        url = engine.url("projects/{project}/policies/{name}", values)
        await engine.client.send("PATCH", url, body={"networks": None}, project=values["project"])


async def change_records(
    engine: Engine, url: str, change: Mapping[str, Any], values: Mapping[str, Any], deadline: float
) -> None:
    """Apply one change to a zone and wait until it is done (at most `deadline` seconds)."""
    client = engine.client
    answer = await client.send("POST", url, body=change, project=values.get("project"))
    end = client.now() + deadline
    while answer.get("status") != "done":
        if client.now() > end:
            raise ProviderError(f"Error waiting for Google DNS change: {answer.get('id')} was not done in time")
        await client.pause(client.settings.poll_interval)
        answer = await client.send("GET", f"{url}/{answer['id']}", project=values.get("project"))
