"""Who asks and whom is trusted, as a kubeconfig says it: files, texts, commands and certificates, with a server."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml
from urllib3.exceptions import InsecureRequestWarning

from plugins.module_utils._failure import Failure
from plugins.module_utils._kubeconfig import read_kubeconfig
from plugins.module_utils._kubernetes_client import KubernetesClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT = "somebody@crm.example"
TOKEN = "token-of-the-command"


class ApiServer(ThreadingHTTPServer):
    """Answers who asked: the name in the client's certificate and the Authorization header."""

    def __init__(self, *, certificates_wanted: bool = False) -> None:
        self.authority = trustme.CA()
        self.clients = trustme.CA()
        self.client = self.clients.issue_cert(CLIENT)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        if certificates_wanted:
            context.verify_mode = ssl.CERT_REQUIRED
            self.clients.configure_trust(context)
        super().__init__(("127.0.0.1", 0), _WhoAmI)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    @property
    def ca(self) -> str:
        return str(self.authority.cert_pem.bytes().decode())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is what some tests want."""


class _WhoAmI(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shown = self.connection.getpeercert() or {}
        names = [value for _, value in shown.get("subjectAltName", ())]
        body = json.dumps({"certificate": names, "asked": self.headers.get("Authorization", "")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing: the tests look at the answers."""


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as server:
        yield server
        server.shutdown()


@pytest.fixture
def strict() -> Iterator[ApiServer]:
    """A server that talks to nobody without a certificate."""
    with ApiServer(certificates_wanted=True) as server:
        yield server
        server.shutdown()


def text(value: str) -> str:
    """A text as a kubeconfig has it inside."""
    return base64.b64encode(value.encode()).decode()


def kubeconfig(directory: Path, server: ApiServer, user: dict[str, Any], **cluster: Any) -> Path:
    """A file with one context; the cluster's authority is inside unless `cluster` says otherwise."""
    trusted = cluster or {"certificate-authority-data": text(server.ca)}
    document = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server.url, **trusted}}],
        "users": [{"name": "u", "user": user}],
    }
    path = directory / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def asked(path: Path) -> Any:
    """What the server was told by a client of the file."""
    return KubernetesClient.from_params({"kubeconfig": str(path), "retry_timeout": 0}).get("/whoami")


def command(directory: Path, program: str, **more: Any) -> dict[str, Any]:
    """A user whose token a Python program prints."""
    script = directory / "plugin.py"
    script.write_text(program)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(script), "an argument"],
            "env": [{"name": "REGION", "value": "europe"}],
            **more,
        }
    }


PLUGIN = f"""
import json, os, sys
told = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert told["kind"] == "ExecCredential" and told["spec"] == {{"interactive": False}}
assert (sys.argv[1], os.environ["REGION"]) == ("an argument", "europe")
with open(__file__ + ".calls", "a") as calls:
    calls.write("x")
print(json.dumps({{"apiVersion": told["apiVersion"], "kind": "ExecCredential", "status": {{"token": "{TOKEN}"}}}}))
"""


def test_a_token_inside(server: ApiServer, tmp_path: Path) -> None:
    assert asked(kubeconfig(tmp_path, server, {"token": "given"}))["asked"] == "Bearer given"


def test_files_stand_beside_the_kubeconfig(server: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    (tmp_path / "ca.crt").write_text(server.ca)
    path = kubeconfig(tmp_path, server, {"tokenFile": "token"}, **{"certificate-authority": "ca.crt"})

    assert asked(path)["asked"] == "Bearer from-a-file"


def test_a_command_gives_the_token_once(server: ApiServer, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, server, command(tmp_path, PLUGIN))
    client = KubernetesClient.from_params({"kubeconfig": str(path), "retry_timeout": 0})

    assert [client.get("/whoami")["asked"] for _ in range(2)] == [f"Bearer {TOKEN}"] * 2
    assert (tmp_path / "plugin.py.calls").read_text() == "x"


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit('no session')", "print('{}')", "print('no JSON')", "print('{\"status\": null}')"],
    ids=["fails", "no status", "no json", "null"],
)
def test_a_command_without_a_token_says_what_to_do(server: ApiServer, tmp_path: Path, program: str) -> None:
    path = kubeconfig(tmp_path, server, command(tmp_path, program, installHint="Sign in first."))

    with pytest.raises(Failure, match="gave no token") as caught:
        asked(path)

    assert (caught.value.reason, caught.value.hint) == ("CREDENTIALS_REFUSED", "Sign in first.")


def test_a_command_that_is_not_there(server: ApiServer, tmp_path: Path) -> None:
    user = {"exec": {"command": str(tmp_path / "absent-plugin"), "apiVersion": "client.authentication.k8s.io/v1"}}

    with pytest.raises(Failure, match="absent-plugin"):
        asked(kubeconfig(tmp_path, server, user))


def pair(server: ApiServer) -> tuple[str, str]:
    """The client's certificate and key as PEM."""
    certificate = b"".join(blob.bytes() for blob in server.client.cert_chain_pems).decode()
    return certificate, server.client.private_key_pem.bytes().decode()


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "files"])
def test_a_client_certificate(strict: ApiServer, tmp_path: Path, inside: bool) -> None:
    certificate, key = pair(strict)
    if inside:
        user = {"client-certificate-data": text(certificate), "client-key-data": text(key)}
    else:
        (tmp_path / "client.crt").write_text(certificate)
        (tmp_path / "client.key").write_text(key)
        user = {"client-certificate": "client.crt", "client-key": "client.key"}

    assert asked(kubeconfig(tmp_path, strict, user)) == {"certificate": [CLIENT], "asked": ""}


def test_a_server_that_wants_a_certificate_refuses_a_token(strict: ApiServer, tmp_path: Path) -> None:
    with pytest.raises(Failure):
        asked(kubeconfig(tmp_path, strict, {"token": "given"}))


def test_a_key_of_another_certificate(strict: ApiServer, tmp_path: Path) -> None:
    certificate, _ = pair(strict)
    other = strict.clients.issue_cert("other@crm.example").private_key_pem.bytes().decode()
    user = {"client-certificate-data": text(certificate), "client-key-data": text(other)}

    with pytest.raises(Failure, match="client certificate or its key cannot be read"):
        asked(kubeconfig(tmp_path, strict, user))


def test_a_server_of_another_authority_is_not_trusted(server: ApiServer, tmp_path: Path) -> None:
    stranger = {"certificate-authority-data": text(trustme.CA().cert_pem.bytes().decode())}

    with pytest.raises(Failure, match="certificate"):
        asked(kubeconfig(tmp_path, server, {"token": "given"}, **stranger))


def test_verification_can_be_waived_by_the_file_alone(server: ApiServer, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, server, {"token": "given"}, **{"insecure-skip-tls-verify": True})

    with pytest.warns(InsecureRequestWarning):
        assert asked(path)["asked"] == "Bearer given"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "is no mapping"),
        ("{a: b: c", "is not YAML"),
        ("{current-context: there}", "one of contexts: there is none"),
        ("{current-context: a, contexts: [{name: a, context: {cluster: c}}]}", "one of clusters"),
    ],
)
def test_what_a_file_lacks_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)

    with pytest.raises(Failure, match=said):
        read_kubeconfig(path, "")


def test_another_context_and_an_absent_file(server: ApiServer, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="one of contexts: here"):
        read_kubeconfig(kubeconfig(tmp_path, server, {}), "elsewhere")
    with pytest.raises(Failure, match="cannot be read"):
        read_kubeconfig(tmp_path / "absent", "")


def test_secrets_are_not_in_what_is_printed(server: ApiServer, tmp_path: Path) -> None:
    user = {"token": "given-token", "client-key-data": text("key-text")}

    shown = repr(read_kubeconfig(kubeconfig(tmp_path, server, user), ""))

    assert "given-token" not in shown
    assert "key-text" not in shown
