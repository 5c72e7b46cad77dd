"""Nothing that looks like a secret passes into a ledger, by its key, by its line or by its shape."""

from __future__ import annotations

import json

import pytest

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._masked_text import mask, mask_text
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._task_record import record

BODY = "Zm9vYmFyYmF6cXV4" * 3
SHAPES = {
    "google access token": f"ya29.{BODY}",
    "google api key": "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
    "google client secret": f"GOCSPX-{BODY}",
    "google refresh token": f"1//0{BODY}",
    "json web token": f"eyJhbGciOiJSUzI1NiJ9.eyJ{BODY}.{BODY}",
    "unsigned json web token": f"eyJhbGciOiJub25lIn0.eyJ{BODY}.",
    "github token": f"ghp_{BODY}",
    "slack token": f"xoxb-{BODY}",
    "private key": f"-----BEGIN PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END PRIVATE KEY-----",
    "private key, escaped": f"-----BEGIN RSA PRIVATE KEY-----\\n{BODY}\\n-----END RSA PRIVATE KEY-----",
    "private key, cut off": f"-----BEGIN EC PRIVATE KEY-----\n{BODY}",
    "url": f"https://operator:{BODY}@example.com/path",
    "query": f"https://example.com/?user=a&password={BODY}&b=c",
    "signed url": f"https://storage.googleapis.com/b/o?X-Goog-Signature={BODY}",
    "header": f"Authorization: Bearer {BODY}",
    "basic header": f"-H 'authorization: basic {BODY}'",
    "yaml": f"user: operator\npassword: {BODY}\nport: 1",
    "yaml in a diff": f" user: operator\n-password: old\n+password: {BODY}",
    "json": f'{{"user": "operator", "client_secret": "{BODY}", "port": 1}}',
    "python": f"{{'user': 'operator', 'api_key': '{BODY}'}}",
    "hcl": f'resource "x" "y" {{\n  private_key = "{BODY}"\n}}',
    "environment": f"DB_PASSWORD={BODY}\nHOME=/tmp",
    "command": f"mysql --user=root --password={BODY} --host=db",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_a_secret_in_text_is_hidden(text: str) -> None:
    hidden = mask_text(f"before\n{text}")
    assert BODY not in hidden
    assert "Sy0123456789" not in hidden
    assert "(hidden)" in hidden
    assert hidden.startswith("before\n")


@pytest.mark.parametrize(
    "text",
    [
        "projects/presidential-digs-crm-local/secrets/db-password/versions/3",
        "secret_id: db-password",
        "token_lifetime: 3600s",
        "password: null",
        "Task failed: the plan deletes google_dns_managed_zone.private",
        "https://console.cloud.google.com/iam-admin?project=presidential-digs-crm-local",
        "roles/secretmanager.secretAccessor",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert mask_text(text) == text


def test_structures_are_masked_by_key_and_by_shape() -> None:
    masked = mask({"clientSecret": BODY, "notes": [f"use ya29.{BODY}"], "retries": 3, f"ya29.{BODY}": "as a key"})
    assert BODY not in json.dumps(masked)
    assert masked["retries"] == 3


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_no_report_key_lets_a_secret_through(text: str) -> None:
    result = {
        "changed": True,
        "diff": [{"before": {"a": text}, "after": text, "after_header": text}, {"prepared": text}],
        "msg": text,
        "stderr": text,
        "verdicts": [{"name": text, "verdict": "fail", "evidence": {"found": text}}],
        "refused": [{"what": text, "why": text, "hint": text}],
        "provider": {"kind": "stand-in", "source": text, "version": "1"},
        "warnings": [text],
    }
    kept = json.dumps(record(result, failed=True, no_log=False))
    assert BODY not in kept
    assert "Sy0123456789" not in kept


@pytest.mark.parametrize("result", [{"censored": "hidden"}, {"msg": "plain secret"}], ids=["censored", "by the task"])
def test_of_a_task_under_no_log_only_the_status_is_kept(result: dict[str, str]) -> None:
    said = {**result, "changed": True, "warnings": ["plain secret"], "verdicts": [{"name": "plain secret"}]}
    kept = record(said, failed=True, no_log="censored" not in result)
    assert kept.pop("failure") == {"message": "the task failed; its message is hidden by no_log"}
    assert kept == {"changed": True, "no_log": True}
