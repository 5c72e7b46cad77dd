"""Images for tests, written by hand in the OCI image layout: a layer of files and a configuration."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

from local_cloud.containers.host_base import HOST, LABEL
from local_cloud.containers.reference import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# A server in each language says its host's name, and ends on SIGTERM.
PYTHON_SERVER = """
import http.server, os, signal, socket, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/fail":
            self.send_response(500)
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{socket.gethostname()} {self.path}\\n".encode())

    def log_message(self, *_):
        pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("listening", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
"""
NODE_SERVER = """
const os = require("os");
require("http").createServer((_, answer) => answer.end(os.hostname() + "\\n")).listen(8080);
process.on("SIGTERM", () => process.exit(0));
"""
GO_SERVER = """package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	name, _ := os.Hostname()
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, name) })
	fmt.Println(http.ListenAndServe(os.Args[1], nil))
}
"""


def layer(files: Mapping[str, bytes | str]) -> bytes:
    """A layer (tar, gzip) with `files`, all of which may be executed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            written = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(written), 0o755
            archive.addfile(entry, io.BytesIO(written))
    return gzip.compress(packed.getvalue(), mtime=0)


def image(directory: Path, files: Mapping[str, bytes | str], *, on_host: bool = True, **configuration: Any) -> str:
    """Write an image to `directory`; its reference. `configuration` is as in the image's own document."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    labels = {LABEL: HOST} if on_host else {}
    config = {"os": "linux", "config": {"Labels": labels, **configuration}}
    manifest = {
        "schemaVersion": 2,
        "config": blob(json.dumps(config).encode()),
        "layers": [blob(layer(files))],
    }
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode())]}
    (directory / "index.json").write_text(json.dumps(index))
    return f"{LAYOUT}{directory}"


def python_image(directory: Path) -> str:
    """A web server in Python on port 8080 (`PORT`), run as user 10001."""
    return image(directory, {"app/server.py": PYTHON_SERVER}, Entrypoint=["python3", "/app/server.py"], User="10001")


def node_image(directory: Path) -> str:
    """A web server in JavaScript on port 8080, on all addresses of both families."""
    return image(directory, {"app/server.js": NODE_SERVER}, Entrypoint=["node", "/app/server.js"])


def go_image(directory: Path) -> str:
    """A static binary and nothing else: a web server on the address that is its only argument."""
    directory.mkdir(parents=True)
    (directory / "main.go").write_text(GO_SERVER)
    command = ["go", "build", "-o", str(directory / "server"), str(directory / "main.go")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "CGO_ENABLED": "0"})
    content = (directory / "server").read_bytes()
    return image(directory / "image", {"server": content}, on_host=False, Entrypoint=["/server"], Cmd=[":8080"])


def languages() -> dict[str, Any]:
    """What this machine can make images of: language → how."""
    found: dict[str, Any] = {"python": python_image}
    found |= {"node": node_image} if shutil.which("node") else {}
    return found | ({"go": go_image} if shutil.which("go") else {})
