"""Unmodified clients with nothing but what `env` exports: curl in a shell, google-auth, the API client, gcloud."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.local_cloud import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECTS = "cloudresourcemanager.googleapis.com/v1/projects"
CURL = shutil.which("curl")
GCLOUD = shutil.which("gcloud")


def python(cloud: LocalCloud, program: str) -> str:
    """What a Python program prints in the exported environment."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=cloud.environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_shell_with_the_exports_reaches_it_with_curl(clean_cloud: LocalCloud) -> None:
    assert CURL is not None, "curl is needed: install it with the system's package manager"
    script = f"""
    set -eu
    eval "$({sys.executable} -m local_cloud --state '{clean_cloud.state.root}' env)"
    curl -sS -H "Authorization: Bearer $GOOGLE_OAUTH_ACCESS_TOKEN" -H 'Content-Type: application/json' \
      -d '{{"projectId": "made-by-curl", "name": "x"}}' https://{PROJECTS}
    curl -sS -o /dev/null -w '%{{http_code}} %{{http_version}}\\n' \
      -H "Authorization: Bearer $(cat "$CLOUDSDK_AUTH_ACCESS_TOKEN_FILE")" https://{PROJECTS}/made-by-curl
    curl -sS -o /dev/null -w '%{{http_code}}\\n' http://example.com/
    curl -sS -H 'Metadata-Flavor: Google' "http://$GCE_METADATA_HOST/computeMetadata/v1/universe/universe-domain"
    """
    done = subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-3:] == ["200 1.1", "403", "googleapis.com"]


def test_application_default_credentials_work(clean_cloud: LocalCloud) -> None:
    program = """
import google.auth, google.auth.transport.requests, google.oauth2.id_token
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = google.auth.transport.requests.AuthorizedSession(credentials)
print(session.get("https://cloudresourcemanager.googleapis.com/v1/projects").status_code)
claims = google.oauth2.id_token.verify_oauth2_token(credentials.id_token, google.auth.transport.requests.Request())
print(claims["email"])
"""
    assert python(clean_cloud, program).splitlines() == ["200", "owner@presidential-digs.example"]


def test_the_api_client_works(clean_cloud: LocalCloud) -> None:
    program = """
import googleapiclient.discovery
api = googleapiclient.discovery.build("cloudresourcemanager", "v1")
print(api.projects().create(body={"projectId": "made-by-client", "name": "x"}).execute()["done"])
print([project["projectId"] for project in api.projects().list().execute()["projects"]])
"""
    assert python(clean_cloud, program).splitlines() == ["True", "['made-by-client']"]


def test_the_metadata_server_serves_credentials(clean_cloud: LocalCloud) -> None:
    clean_cloud.post(PROJECTS, {"projectId": "machine-project", "name": "x"})
    clean_cloud.settings(metadata_project="machine-project")
    program = """
import os
os.environ.pop("GOOGLE_APPLICATION_CREDENTIALS")
os.environ["CLOUDSDK_CONFIG"] = "/nonexistent"
import google.auth, google.auth.transport.requests
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = google.auth.transport.requests.AuthorizedSession(credentials)
print(type(credentials).__module__, project, credentials.service_account_email)
print(session.get("https://cloudresourcemanager.googleapis.com/v1/projects/machine-project").json()["name"])
"""
    lines = python(clean_cloud, program).splitlines()
    clean_cloud.settings(metadata_project="")
    assert lines == ["google.auth.compute_engine.credentials machine-project default", "x"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "words"),
    [
        ("/", {}, 200, "computeMetadata/"),
        ("/computeMetadata/v1/", {"Metadata-Flavor": "Google"}, 200, "instance/\nuniverse/"),
        ("/computeMetadata/v1/instance/service-accounts/default/email", {}, 403, "Missing Metadata-Flavor"),
        (
            "/computeMetadata/v1/instance/service-accounts/default/email",
            {"Metadata-Flavor": "Google", "X-Forwarded-For": "1.2.3.4"},
            403,
            "X-Forwarded-For",
        ),
        ("/computeMetadata/v1/project/project-id", {"Metadata-Flavor": "Google"}, 404, "There is no"),
        (
            "/computeMetadata/v1/instance/service-accounts/default/identity",
            {"Metadata-Flavor": "Google"},
            400,
            "audience",
        ),
    ],
)
def test_the_metadata_server_keeps_its_rules(
    cloud: LocalCloud, path: str, headers: dict[str, str], status: int, words: str
) -> None:
    for address in ("metadata.google.internal", "169.254.169.254"):
        answer = cloud.get(f"http://{address}{path}", token=None, headers=headers)
        assert (answer.status_code, answer.headers["Metadata-Flavor"]) == (status, "Google")
        assert words in answer.text


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed: the Google Cloud SDK is optional on this machine")
def test_gcloud_reads_and_writes(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    environment = clean_cloud.environ(CLOUDSDK_CONFIG=str(tmp_path), CLOUDSDK_CORE_DISABLE_PROMPTS="1")

    def gcloud(*arguments: str) -> str:
        done = subprocess.run(
            [str(GCLOUD), *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    gcloud("projects", "create", "made-by-gcloud", "--name=x", "--no-enable-cloud-apis")
    listed = json.loads(gcloud("projects", "list", "--format=json"))
    assert [project["projectId"] for project in listed] == ["made-by-gcloud"]
    assert gcloud("projects", "describe", "made-by-gcloud", "--format=value(lifecycleState)").strip() == "ACTIVE"
