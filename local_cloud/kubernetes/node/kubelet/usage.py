"""What pods and nodes use, sampled in the background: for `kubectl top`, autoscalers and the kubelet's summary."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_cloud.kubernetes.node.container_state import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_cloud.containers.container import Container, Usage
    from local_cloud.kubernetes.node.nodes import Nodes
    from local_cloud.kubernetes.node.pod_life import PodLife
    from local_cloud.kubernetes.node.pods import Pods

# metrics-server asks every 15 s; here an autoscaler need not wait that long.
INTERVAL = 5.0
NANO = 1_000_000_000
KIBI = 1024
GROUP_VERSION = "metrics.k8s.io/v1beta1"


@dataclass(frozen=True)
class Sample:
    """The use of one container: processors over the last interval, bytes now, when it was looked at."""

    cores: float
    memory: int
    cpu_seconds: float
    at: datetime


class UsageSampler:
    """Looks at every running container, again and again."""

    def __init__(self, pods: Pods, nodes: Nodes) -> None:
        """Nothing is known yet."""
        self._pods = pods
        self._nodes = nodes
        self._samples: dict[str, Sample] = {}

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            seen: dict[str, Sample] = {}
            for life in list(self._pods.lives.values()):
                for container in _running(life):
                    usage = await container.usage()
                    if usage is not None:
                        seen[container.identifier] = self._sample(container, usage)
            self._samples = seen
            await asyncio.sleep(INTERVAL)

    def _sample(self, container: Container, usage: Usage) -> Sample:
        now = datetime.now(UTC)
        before = self._samples.get(container.identifier)
        since, spent = (before.at, before.cpu_seconds) if before is not None else (container.started, 0.0)
        seconds = max((now - since).total_seconds(), 0.001)
        return Sample(max(usage.cpu_seconds - spent, 0.0) / seconds, usage.memory_bytes, usage.cpu_seconds, now)

    def pod_metrics(self, life: PodLife) -> dict[str, Any] | None:
        """PodMetrics; None while nothing is known of one of its containers."""
        found = [(life_.name, life_.container) for life_ in life.lives if life_.state.running]
        samples = {name: self._samples.get(container.identifier) for name, container in found if container is not None}
        if not samples or any(sample is None for sample in samples.values()):
            return None
        metadata = life.around.pod["metadata"]
        shown = {"name": metadata["name"], "namespace": metadata["namespace"], "labels": metadata.get("labels") or {}}
        known = {name: sample for name, sample in samples.items() if sample is not None}
        oldest = min(sample.at for sample in known.values())
        return {
            "kind": "PodMetrics",
            "apiVersion": GROUP_VERSION,
            "metadata": {**shown, "creationTimestamp": moment(oldest)},
            "timestamp": moment(oldest),
            "window": f"{INTERVAL:g}s",
            "containers": [{"name": name, "usage": _usage([sample])} for name, sample in known.items()],
        }

    def node_metrics(self, name: str) -> dict[str, Any]:
        """NodeMetrics: the sum over the node's pods, as what is beside them is this machine's own."""
        samples = list(self._of_node(name))
        node = self._nodes.store.find("", name) or {"metadata": {}}
        labels = node["metadata"].get("labels") or {}
        return {
            "kind": "NodeMetrics",
            "apiVersion": GROUP_VERSION,
            "metadata": {"name": name, "labels": labels, "creationTimestamp": moment(datetime.now(UTC))},
            "timestamp": moment(max((sample.at for sample in samples), default=datetime.now(UTC))),
            "window": f"{INTERVAL:g}s",
            "usage": _usage(samples),
        }

    def summary(self, name: str) -> dict[str, Any]:
        """The kubelet's `/stats/summary` of a node."""
        pods = []
        for life in self._pods.on_node(name):
            metadata = life.around.pod["metadata"]
            containers = [
                {
                    "name": container.specification.identifier.split(".")[1],
                    **_stats(self._samples[container.identifier]),
                }
                for container in _running(life)
                if container.identifier in self._samples
            ]
            reference = {key: metadata[key] for key in ("name", "namespace", "uid")}
            pods.append({"podRef": reference, "containers": containers})
        samples = list(self._of_node(name))
        total = Sample(
            sum(sample.cores for sample in samples),
            sum(sample.memory for sample in samples),
            sum(sample.cpu_seconds for sample in samples),
            datetime.now(UTC),
        )
        return {"node": {"nodeName": name, **_stats(total)}, "pods": pods}

    def _of_node(self, name: str) -> Iterable[Sample]:
        for life in self._pods.on_node(name):
            for container in _running(life):
                sample = self._samples.get(container.identifier)
                if sample is not None:
                    yield sample


def _running(life: PodLife) -> list[Container]:
    return [one.container for one in life.lives if one.container is not None and one.container.running]


def _usage(samples: list[Sample]) -> dict[str, str]:
    cores = sum(sample.cores for sample in samples)
    memory = sum(sample.memory for sample in samples)
    return {"cpu": f"{int(cores * NANO)}n", "memory": f"{memory // KIBI}Ki"}


def _stats(sample: Sample) -> dict[str, Any]:
    at = moment(sample.at)
    nano = int(sample.cpu_seconds * NANO)
    return {
        "cpu": {"time": at, "usageNanoCores": int(sample.cores * NANO), "usageCoreNanoSeconds": nano},
        "memory": {"time": at, "workingSetBytes": sample.memory, "rssBytes": sample.memory},
    }
