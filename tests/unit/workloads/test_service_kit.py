"""Settings are refused by name, all at once; a trace is taken on or begun; log entries are as Cloud Logging reads."""

from __future__ import annotations

import json
import logging
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit import mongo, tracing
from service_kit.logs import JsonLines
from service_kit.settings import Environment, ServerSettings, SettingsError

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_all_that_is_wrong_is_said_at_once() -> None:
    """A line each."""
    environment = Environment(
        {"PORT": "x", "SHUTDOWN_DELAY_SECONDS": "-1", "LOG_LEVEL": "loud", "ALLOWED_ORIGINS": "*"}
    )
    ServerSettings.read(environment, port=1)
    with pytest.raises(SettingsError) as raised:
        environment.finish()
    lines = str(raised.value).splitlines()
    assert [line.split()[0] for line in lines] == ["PORT", "SHUTDOWN_DELAY_SECONDS", "LOG_LEVEL", "ALLOWED_ORIGINS"]


def test_an_empty_variable_is_none() -> None:
    """As Kubernetes gives one whose source is empty."""
    environment = Environment({"A": "", "B": " "})
    assert (environment.text("A", "x"), environment.number("B", 7), environment.flag("A")) == ("x", 7, False)
    environment.finish()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", set()),
        ("https://a.example.com", {"https://a.example.com"}),
        ("https://a.example.com/, http://127.0.0.1:3000", {"https://a.example.com", "http://127.0.0.1:3000"}),
    ],
)
def test_origins(given: str, found: set[str]) -> None:
    """Separated by commas, with or without a slash at the end."""
    environment = Environment({"ALLOWED_ORIGINS": given})
    assert environment.origins() == found
    environment.finish()


@pytest.mark.parametrize("value", ["*", "null", "a.example.com", "https://a.example.com/path", "https://a b"])
def test_other_origins_are_refused(value: str) -> None:
    """A star among them: with credentials it would let everybody in."""
    environment = Environment({"ALLOWED_ORIGINS": value})
    environment.origins()
    with pytest.raises(SettingsError, match="ALLOWED_ORIGINS"):
        environment.finish()


@pytest.mark.parametrize(
    "uri",
    ["mongodb://u:p%40@h1:27017,h2:27017/crm?retryWrites=true", "mongodb+srv://u:p@cluster.example.mongodb.net/crm"],
)
def test_connection_strings(uri: str) -> None:
    """Of one server, several, or a name for them, which is not asked for yet."""
    environment = Environment({"DATABASE_URL": uri})
    assert mongo.address(environment, "MONGODB_URI", "DATABASE_URL") == uri
    environment.finish()


def test_a_connection_string_is_never_repeated() -> None:
    """It holds a password."""
    environment = Environment({"MONGODB_URI": "mongodb://u:hunter2@h:port/crm"})
    mongo.address(environment, "MONGODB_URI")
    with pytest.raises(SettingsError) as raised:
        environment.finish()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("headers", "sampled"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, True),
        ({"traceparent": f"00-{TRACE}-{SPAN}-00", "X-Cloud-Trace-Context": f"{'1' * 32}/1;o=1"}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}, True),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1"}, False),
        ({"traceparent": f"01-{TRACE}-{SPAN}-03-more", "X-Cloud-Trace-Context": "x"}, True),
    ],
)
def test_a_trace_goes_on(headers: dict[str, str], sampled: bool) -> None:
    """In a span of its own."""
    trace = tracing.of_headers(headers)
    assert (trace.trace_id, trace.sampled) == (TRACE, sampled)
    assert trace.span_id != SPAN
    assert trace.traceparent == f"00-{TRACE}-{trace.span_id}-{'01' if sampled else '00'}"


@given(st.text(max_size=80))
def test_any_other_header_begins_a_trace(value: str) -> None:
    """Zeros are no trace either."""
    for header in (value, f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01"):
        trace = tracing.of_headers({"traceparent": header})
        assert re.fullmatch("[0-9a-f]{32}", trace.trace_id)
        assert trace.trace_id not in (TRACE, "0" * 32)


def test_an_exception_is_part_of_its_entry() -> None:
    """On one line, with severity and service."""
    try:
        raise ValueError("broken\nhere")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it %s", ("failed",), sys.exc_info())
    line = JsonLines("auth-service", "p").format(record)
    entry = json.loads(line)
    assert "\n" not in line
    assert (entry["severity"], entry["message"]) == ("ERROR", "it failed")
    assert "ValueError: broken" in entry["exception"]
    assert entry["serviceContext"] == {"service": "auth-service"}
