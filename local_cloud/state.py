"""The state directory: what lies where, so that a copy of it is a copy of the cloud."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATE_VARIABLE = "LOCAL_CLOUD_STATE"
DEFAULT_STATE = ".local_cloud"

# sun_path of sockaddr_un is 108 bytes on Linux with the closing zero (man 7 unix).
SOCKET_PATH_LIMIT = 107
ADMIN_SOCKET = "admin.sock"
PROVIDER_SOCKET = "google.sock"
ATLAS_PROVIDER_SOCKET = "mongodbatlas.sock"
EGRESS_SOCKET = "kube.sock"
_SOCKETS = (ADMIN_SOCKET, PROVIDER_SOCKET, ATLAS_PROVIDER_SOCKET, EGRESS_SOCKET)


@dataclass(frozen=True)
class StateDirectory:
    """Every path under one state directory."""

    root: Path

    @classmethod
    def resolve(cls, option: str | None) -> StateDirectory:
        """`option`, else `$LOCAL_CLOUD_STATE`, else `.local_cloud` in the working directory; always absolute."""
        chosen = option or os.environ.get(STATE_VARIABLE) or DEFAULT_STATE
        return cls(Path(chosen).expanduser().absolute())

    def create(self) -> None:
        """Make the directory, readable by its owner only (it holds keys and tokens)."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)

    @property
    def database(self) -> Path:
        """What the emulator keeps."""
        return self.root / "cloud.sqlite"

    @property
    def tokens(self) -> Path:
        """Hashes of the tokens handed out."""
        return self.root / "tokens.sqlite"

    @property
    def journal(self) -> Path:
        """The request log."""
        return self.root / "journal.sqlite"

    @property
    def faults(self) -> Path:
        """Fault rules with their counts."""
        return self.root / "faults.json"

    @property
    def settings(self) -> Path:
        """What the operator chose."""
        return self.root / "settings.json"

    @property
    def clock(self) -> Path:
        """How far the clock runs ahead."""
        return self.root / "clock"

    @property
    def snapshots(self) -> Path:
        """One directory per snapshot."""
        return self.root / "snapshots"

    @property
    def registry(self) -> Path:
        """Contents of container images, by digest."""
        return self.root / "registry"

    @property
    def atlas_key(self) -> Path:
        """The API key of MongoDB Atlas."""
        return self.root / "atlas" / "api_key.json"

    @property
    def ca_certificate(self) -> Path:
        """The authority's own certificate."""
        return self.root / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The authority's private key."""
        return self.root / "ca.key"

    @property
    def ca_bundle(self) -> Path:
        """The system's roots and ours, for `SSL_CERT_FILE` and its like."""
        return self.root / "ca-bundle.pem"

    @property
    def signing_key(self) -> Path:
        """The private key that signs ID tokens."""
        return self.root / "signing.key"

    @property
    def token_file(self) -> Path:
        """The owner's access token, for gcloud."""
        return self.root / "access_token"

    @property
    def credentials_file(self) -> Path:
        """The owner's credentials, as `gcloud auth application-default login` would have written them."""
        return self.root / "application_default_credentials.json"

    @property
    def pid_file(self) -> Path:
        """Who runs this cloud, and on which port."""
        return self.root / "daemon.json"

    @property
    def children_file(self) -> Path:
        """The processes the daemon started."""
        return self.root / "children.json"

    @property
    def port_file(self) -> Path:
        """The proxy's port, kept over restarts."""
        return self.root / "port"

    @property
    def lane(self) -> Path:
        """The number of the lane of loopback addresses that it had last."""
        return self.root / "lane"

    @property
    def start_lock(self) -> Path:
        """Held while a daemon is being started or stopped."""
        return self.root / "start.lock"

    @property
    def run_lock(self) -> Path:
        """Held by the daemon for as long as it lives; the kernel lets go of it however the daemon ends."""
        return self.root / "run.lock"

    @property
    def log(self) -> Path:
        """What the daemon has to say."""
        return self.root / "daemon.log"

    @property
    def provider_log(self) -> Path:
        """What the provider stand-in has to say."""
        return self.root / "provider.log"

    @property
    def sockets_note(self) -> Path:
        """Says where the sockets are when their paths under the state directory would be too long."""
        return self.root / "sockets"

    @property
    def sockets(self) -> Path:
        """The directory that holds the sockets."""
        return Path(self.sockets_note.read_text().strip()) if self.sockets_note.exists() else self.root

    @property
    def admin_socket(self) -> Path:
        """The daemon's admin API."""
        return self.sockets / ADMIN_SOCKET

    @property
    def provider_socket(self) -> Path:
        """The provider stand-in."""
        return self.sockets / PROVIDER_SOCKET

    @property
    def atlas_provider_socket(self) -> Path:
        """The stand-in for the provider of MongoDB Atlas."""
        return self.sockets / ATLAS_PROVIDER_SOCKET

    @property
    def egress_socket(self) -> Path:
        """Where API servers connect through to what has an address of the cloud."""
        return self.sockets / EGRESS_SOCKET

    def place_sockets(self) -> None:
        """Choose where the sockets go, before the daemon binds them."""
        longest = max(len(os.fsencode(self.root / name)) for name in _SOCKETS)
        if longest <= SOCKET_PATH_LIMIT:
            self.sockets_note.unlink(missing_ok=True)
        elif not (self.sockets_note.exists() and self._is_ours(self.sockets)):
            base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
            self.sockets_note.write_text(tempfile.mkdtemp(prefix="local-cloud-", dir=base) + "\n")

    def remove_sockets(self) -> None:
        """Remove what a stopped daemon leaves of its sockets."""
        for name in _SOCKETS:
            (self.sockets / name).unlink(missing_ok=True)
        if self.sockets_note.exists():
            if self.sockets.is_dir():
                self.sockets.rmdir()
            self.sockets_note.unlink()

    @staticmethod
    def _is_ours(directory: Path) -> bool:
        return directory.is_dir() and directory.stat().st_uid == os.getuid()


def write_private(path: Path, content: bytes) -> None:
    """Write `content` for the owner's eyes only, replacing `path` in one step."""
    staged = path.with_name(f"{path.name}.new")
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
