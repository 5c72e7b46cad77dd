"""Container images for tests, made of one file and this machine's own programs, in the OCI image layout."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Any

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def layout(directory: Path, program: str, *, port: int = 8080) -> str:
    """Make an image whose only program is the Python text `program`; the reference by which it is pulled."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("app/server.py")
        entry.size, entry.mode = len(program.encode()), 0o644
        tar.addfile(entry, io.BytesIO(program.encode()))
    plain = archive.getvalue()
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **keep(gzip.compress(plain, mtime=0))}
    configuration = {
        "architecture": _MACHINES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Entrypoint": ["python3", "/app/server.py"],
            "Labels": {"digs.presidential.base": "host"},
            "ExposedPorts": {f"{port}/tcp": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(plain).hexdigest()}"]},
    }
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **keep(json.dumps(configuration).encode())}
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": kind, **keep(json.dumps(manifest).encode())}]}
    (directory / "index.json").write_text(json.dumps(index))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return f"oci-layout:{directory}"
