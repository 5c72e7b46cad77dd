"""The API group `metrics.k8s.io/v1beta1`, as metrics-server serves it behind the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_cloud.kubernetes.node.kubelet.usage import GROUP_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_cloud.kubernetes.node.kubelet.usage import UsageSampler
    from local_cloud.kubernetes.node.nodes import Nodes
    from local_cloud.kubernetes.node.pods import Pods

ROOT = f"/apis/{GROUP_VERSION}"
_RESOURCES = [
    {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"]}
    for name, namespaced, kind in (("nodes", False, "NodeMetrics"), ("pods", True, "PodMetrics"))
]


class MetricsApi:
    """What is used, of what runs."""

    def __init__(self, pods: Pods, nodes: Nodes, usage: UsageSampler) -> None:
        """Answer from `usage`."""
        self._pods = pods
        self._nodes = nodes
        self._usage = usage

    def application(self, middlewares: Sequence[Any]) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=middlewares)
        application.add_routes(
            [
                web.get(ROOT, self._discovery),
                web.get(f"{ROOT}/nodes", self._all_nodes),
                web.get(f"{ROOT}/nodes/{{name}}", self._one_node),
                web.get(f"{ROOT}/pods", self._all_pods),
                web.get(f"{ROOT}/namespaces/{{namespace}}/pods", self._all_pods),
                web.get(f"{ROOT}/namespaces/{{namespace}}/pods/{{name}}", self._one_pod),
            ]
        )
        return application

    async def _discovery(self, _: web.Request) -> web.Response:
        found = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP_VERSION, "resources": _RESOURCES}
        return web.json_response(found)

    async def _all_nodes(self, request: web.Request) -> web.Response:
        every = [self._usage.node_metrics(name) for _, name in self._nodes.store.objects]
        return _list("NodeMetricsList", [one for one in every if _selected(request, one)])

    async def _one_node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if self._nodes.store.find("", name) is None:
            return _missing("nodes", name)
        return web.json_response(self._usage.node_metrics(name))

    async def _all_pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        every = (self._usage.pod_metrics(life) for life in list(self._pods.lives.values()))
        found = [one for one in every if one is not None and namespace in (None, one["metadata"]["namespace"])]
        return _list("PodMetricsList", [one for one in found if _selected(request, one)])

    async def _one_pod(self, request: web.Request) -> web.Response:
        life = self._pods.find(request.match_info["namespace"], request.match_info["name"])
        found = self._usage.pod_metrics(life) if life is not None else None
        return web.json_response(found) if found is not None else _missing("pods", request.match_info["name"])


def _selected(request: web.Request, thing: Mapping[str, Any]) -> bool:
    """Whether the label selector of the request chooses `thing`."""
    labels = thing["metadata"].get("labels") or {}
    return all(_holds(term.strip(), labels) for term in _terms(request.query.get("labelSelector", "")))


def _terms(selector: str) -> list[str]:
    """The terms of a selector: commas inside parentheses do not part them."""
    terms, depth, begun = [], 0, ""
    for letter in selector:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            terms.append(begun)
            begun = ""
        else:
            begun += letter
    return [term for term in (*terms, begun) if term.strip()]


def _holds(term: str, labels: Mapping[str, str]) -> bool:
    if "(" in term:
        key, how, values = term.replace("(", " ( ").split(None, 2)
        chosen = {value.strip() for value in values.strip("() ").split(",")}
        return (labels.get(key) in chosen) is (how == "in") if how == "in" or key in labels else True
    for operator, equal in (("!=", False), ("==", True), ("=", True)):
        if operator in term:
            key, _, value = term.partition(operator)
            return (labels.get(key.strip()) == value.strip()) is equal
    return term[1:] not in labels if term.startswith("!") else term in labels


def _list(kind: str, items: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"kind": kind, "apiVersion": GROUP_VERSION, "metadata": {}, "items": items})


def _missing(kind: str, name: str) -> web.Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
    said |= {"message": f'{kind}.metrics.k8s.io "{name}" not found'}
    return web.json_response(said, status=404)
