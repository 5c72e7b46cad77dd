"""The HTTPS servers of the agent: the kubelet API at every node's address, and the metrics API."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_cloud.containers.log_reading import LogQuery, read
from local_cloud.containers.logs import timestamp
from local_cloud.kubernetes.node.describing import log_file
from local_cloud.kubernetes.node.kubelet.channels import ERROR, RESIZE, STDERR, STDIN, STDOUT, open_channels
from local_cloud.kubernetes.node.kubelet.commands import attach, execute
from local_cloud.kubernetes.node.kubelet.forwarding import forward
from local_cloud.kubernetes.node.kubelet.metrics import MetricsApi
from local_cloud.kubernetes.node.kubelet.usage import UsageSampler
from local_cloud.kubernetes.node.nodes import KUBELET_PORT
from local_cloud.twins import twin, twin_address

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.containers.container import Container
    from local_cloud.kubernetes.access import Certificate, ClusterAccess
    from local_cloud.kubernetes.node.container_life import ContainerLife
    from local_cloud.kubernetes.node.nodes import Nodes
    from local_cloud.kubernetes.node.pod_life import PodLife
    from local_cloud.kubernetes.node.pods import Pods
    from local_cloud.kubernetes.node.workshop import Workshop

_LOG = logging.getLogger(__name__)

# Whose client certificates count (local_cloud/kubernetes/access.py).
KUBELET_CLIENT = "kube-apiserver-kubelet-client"
FRONT_PROXY_CLIENT = "front-proxy-client"
STOP_SECONDS = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KubeletServer:
    """One application, served at every node's address."""

    def __init__(self, access: ClusterAccess) -> None:
        """With the certificates of `access`; nothing listens yet."""
        self._access = access
        self._sites: dict[str, web.TCPSite] = {}
        self._names: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, pods: Pods, nodes: Nodes, workshop: Workshop) -> None:
        """Serve the metrics API, and be ready for nodes."""
        self._pods = pods
        self._workshop = workshop
        self._usage = UsageSampler(pods, nodes)
        self._kubelet = web.AppRunner(self._application(), access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._kubelet.setup()
        metrics = MetricsApi(pods, nodes, self._usage).application([_only(FRONT_PROXY_CLIENT)])
        self._metrics = web.AppRunner(metrics, access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._metrics.setup()
        address = self._access.metrics_address
        context = _context(self._access.metrics_certificate, self._access.front_proxy_ca_file)
        await web.TCPSite(self._metrics, *twin(*address), ssl_context=context, reuse_address=True).start()
        self._spawn(self._usage.run())

    async def stop(self) -> None:
        """Listen nowhere."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._kubelet.cleanup(), self._metrics.cleanup())

    def join(self, node: str, address: str) -> None:
        """A node has this address."""
        if node not in self._sites:
            context = _context(self._access.kubelet_certificate, self._access.ca_file)
            site = web.TCPSite(
                self._kubelet, twin_address(address), KUBELET_PORT, ssl_context=context, reuse_address=True
            )
            self._sites[node] = site
            self._names[twin_address(address)] = node
            self._spawn(self._open(node, site))

    def leave(self, node: str) -> None:
        """A node is gone."""
        site = self._sites.pop(node, None)
        if site is not None:
            self._spawn(site.stop())

    async def _open(self, node: str, site: web.TCPSite) -> None:
        try:
            await site.start()
        except OSError as error:
            _LOG.error("the kubelet of %s cannot be reached: %s", node, error)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_only(KUBELET_CLIENT)])
        application.add_routes(
            [
                web.get("/healthz", self._health),
                web.get("/pods", self._list),
                web.get("/stats/summary", self._summary),
                web.get("/containerLogs/{namespace}/{pod}/{container}", self._logs),
                *self._both("/exec/{namespace}/{pod}/{container}", self._exec),
                *self._both("/exec/{namespace}/{pod}/{uid}/{container}", self._exec),
                *self._both("/attach/{namespace}/{pod}/{container}", self._attach),
                *self._both("/attach/{namespace}/{pod}/{uid}/{container}", self._attach),
                *self._both("/portForward/{namespace}/{pod}", self._forward),
                *self._both("/portForward/{namespace}/{pod}/{uid}", self._forward),
            ]
        )
        return application

    @staticmethod
    def _both(path: str, handler: Handler) -> list[web.RouteDef]:
        return [web.get(path, handler), web.post(path, handler)]

    def _node(self, request: web.Request) -> str:
        assert request.transport is not None
        return self._names[request.transport.get_extra_info("sockname")[0]]

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _list(self, request: web.Request) -> web.Response:
        pods = [life.around.pod for life in self._pods.on_node(self._node(request))]
        return web.json_response({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods})

    async def _summary(self, request: web.Request) -> web.Response:
        return web.json_response(self._usage.summary(self._node(request)))

    def _pod(self, request: web.Request) -> PodLife:
        namespace, name = request.match_info["namespace"], request.match_info["pod"]
        life = self._pods.find(namespace, name)
        if life is None:
            raise web.HTTPNotFound(text=f'pod "{name}" not found in namespace "{namespace}"\n')
        return life

    def _life(self, request: web.Request) -> ContainerLife:
        pod, name = self._pod(request), request.match_info["container"]
        life = pod.find(name)
        if life is None:
            raise web.HTTPNotFound(text=f'container "{name}" not found in pod "{request.match_info["pod"]}"\n')
        return life

    def _running(self, request: web.Request) -> Container:
        container = self._life(request).container
        if container is None or not container.running:
            raise web.HTTPInternalServerError(text=f"container not found ({request.match_info['container']!r})\n")
        return container

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        pod, life = self._pod(request), self._life(request)
        path = self._log(pod, life, previous=request.query.get("previous") == "true")
        number = int(path.stem)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        container = life.container

        def over() -> bool:
            return container is None or not container.running or life.state.restarts != number

        try:
            async for piece in read(path, _query(request), over):
                await response.write(piece)
        except ConnectionResetError:
            return response
        await response.write_eof()
        return response

    def _log(self, pod: PodLife, life: ContainerLife, *, previous: bool) -> Path:
        """The log file that is asked for; 400 when there is none."""
        directory = pod.around.directory
        path = log_file(directory, life.name, life.state.restarts - previous)
        if not previous and not path.exists() and life.state.restarts:
            # It waits to be started again: what it said last is what there is.
            path = log_file(directory, life.name, life.state.restarts - 1)
        if not path.exists():
            pod_name = pod.around.pod["metadata"]["name"]
            if previous:
                text = f'previous terminated container "{life.name}" in pod "{pod_name}" not found\n'
            else:
                why = life.state.state.get("waiting", {}).get("reason", "ContainerCreating")
                text = f'container "{life.name}" in pod "{pod_name}" is waiting to start: {why}\n'
            raise web.HTTPBadRequest(text=text)
        return path

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        container = self._running(request)
        query = request.query
        tty = _true(query, "tty")
        wanted = {ERROR} | {name for name, key in _STREAMS if _true(query, key)}
        wanted = wanted - {STDERR} | {RESIZE} if tty else wanted
        channels, response = await open_channels(request, wanted)
        await execute(container, query.getall("command", []), wanted, channels, tty)
        return response

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        container = self._running(request)
        now = time.time_ns()
        query = request.query
        if _true(query, "stdin"):
            raise web.HTTPBadRequest(text="the local cloud attaches to outputs only; use exec for input\n")
        wanted = {ERROR} | {name for name, key in _STREAMS if _true(query, key)}
        channels, response = await open_channels(request, wanted)
        await attach(container, channels, now)
        return response

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        return await forward(request, self._pod(request).around.addresses.pod_address)


_STREAMS = (
    (STDIN, "input"),
    (STDOUT, "output"),
    (STDERR, "error"),
    (STDIN, "stdin"),
    (STDOUT, "stdout"),
    (STDERR, "stderr"),
)


def _true(query: Any, name: str) -> bool:
    return query.get(name) in ("1", "true")


def _query(request: web.Request) -> LogQuery:
    query = request.query
    since = ""
    if "sinceSeconds" in query:
        since = timestamp(time.time_ns() - int(query["sinceSeconds"]) * 1_000_000_000)
    elif "sinceTime" in query:
        moment = datetime.fromisoformat(query["sinceTime"]).astimezone(UTC) - datetime.fromtimestamp(0, UTC)
        since = timestamp(moment // timedelta(microseconds=1) * 1000)
    return LogQuery(
        follow=_true(query, "follow"),
        tail=int(query["tailLines"]) if "tailLines" in query else None,
        since=since,
        timestamps=_true(query, "timestamps"),
        limit=int(query["limitBytes"]) if "limitBytes" in query else None,
        stream="" if query.get("stream", "All") == "All" else query["stream"].lower(),
    )


def _context(own: Certificate, clients: Path) -> ssl.SSLContext:
    """TLS that asks for a certificate signed by `clients`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(clients))
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _only(name: str) -> Any:
    """A middleware that serves whoever has a certificate with this common name."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        assert request.transport is not None
        subject = (request.transport.get_extra_info("peercert") or {}).get("subject", ())
        if not any(pair == ("commonName", name) for part in subject for pair in part):
            raise web.HTTPForbidden(text=f"only {name} is served here\n")
        return await handler(request)

    return checked
