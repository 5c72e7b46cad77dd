"""Terraform inherits what it needs and nothing that would change what a root does behind the inventory's back."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.module_utils._terraform_environment import terraform_environment, variable_text

DATA = Path("/data")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TF_LOG", "TF_LOG_PATH", "GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "name", ["TF_VAR_region", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE", "TF_DATA_DIR", "TF_LOG"]
)
def test_foreign_settings_are_dropped_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x")
    environment, foreign = terraform_environment({}, DATA)
    assert foreign == [name]
    assert environment.get(name) in (None, "/data")


def test_a_log_goes_where_the_operator_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_LOG", "trace")
    monkeypatch.setenv("TF_LOG_PATH", "trace.log")
    environment, foreign = terraform_environment({}, DATA)
    assert (environment["TF_LOG"], foreign) == ("trace", [])


def test_the_rest_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_REATTACH_PROVIDERS", "{}")
    environment, _ = terraform_environment({}, DATA)
    assert environment["TF_REATTACH_PROVIDERS"] == "{}"
    assert environment["TF_DATA_DIR"] == "/data"
    assert environment["CHECKPOINT_DISABLE"] == "1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ${x}", "as it is ${x}"),
        (3, "3"),
        (True, "true"),
        (None, "null"),
        ({"a": ["${x} and %{y}"]}, '{"a": ["$${x} and %%{y}"]}'),
    ],
)
def test_sensitive_variables_are_written_as_terraform_reads_them(value: object, text: str) -> None:
    assert variable_text(value) == text
    environment, _ = terraform_environment({"sensitive_variables": {"key": value}}, DATA)
    assert environment["TF_VAR_key"] == text


def test_a_token_and_the_way_to_google_come_from_options() -> None:
    params = {"access_token": "t", "proxy": "http://127.0.0.1:1", "ca_certificates": "/ca.pem", "quota_project": "q"}
    environment, _ = terraform_environment(params, DATA)
    assert environment["GOOGLE_OAUTH_ACCESS_TOKEN"] == "t"
    assert environment["HTTPS_PROXY"] == "http://127.0.0.1:1"
    assert environment["SSL_CERT_FILE"] == "/ca.pem"
    assert (environment["GOOGLE_BILLING_PROJECT"], environment["USER_PROJECT_OVERRIDE"]) == ("q", "true")


def test_a_kind_of_authentication_is_not_outranked_by_what_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "inherited")
    params = {"auth_kind": "service_account_file", "service_account_file": "/key.json", "access_token": "inherited"}
    environment, _ = terraform_environment(params, DATA)
    assert environment["GOOGLE_APPLICATION_CREDENTIALS"] == "/key.json"
    assert "GOOGLE_OAUTH_ACCESS_TOKEN" not in environment


def test_impersonation_reaches_provider_and_backend() -> None:
    params = {"auth_kind": "impersonation", "impersonate_service_account": "d@p", "access_token": "t"}
    environment, _ = terraform_environment(params, DATA)
    assert environment["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] == "d@p"
    assert environment["GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT"] == "d@p"
    assert environment["GOOGLE_OAUTH_ACCESS_TOKEN"] == "t"
