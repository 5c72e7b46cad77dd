"""PRIVATE to the collection: the conversation check: options in, evidence collected, verdicts out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._client import Client
from ._conversation_evidence import Plan, collect
from ._conversation_gates import GATES
from ._failure import Failure, invalid
from ._sound import require_decoder
from ._verdict import NO_EVIDENCE, unproved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible.module_utils.basic import AnsibleModule

FEWEST_WORDS = 2
SHORTEST_ID = 8
"""Characters. Objects are found by the id standing in their names; a short one could be part of somebody else's."""

# Why there is no answer at all, in the words of `Failure.reason`.
UNREACHED = ("CONNECTION_FAILED", "PROXY_REFUSED")

# Options that the plan has under the same name.
_AS_GIVEN = (
    "audio_bucket",
    "audio_object",
    "bitrate",
    "latency_p95",
    "latency_samples",
    "lifecycle_days",
    "mode",
    "signed_url_lifetime",
    "text_bucket",
    "text_object",
    "voice",
)


def check(module: AnsibleModule) -> dict[str, Any]:
    """The result of `conversation_check`; `Failure` CONVERSATION_NOT_PROVED carries the verdicts as well."""
    begun = time.monotonic()
    require_decoder()
    plan = plan_of(module.params)
    client = Client.from_params(module.params)
    try:
        evidence = collect(plan, client, client.network, read_only=module.check_mode, remove=module.params["remove"])
    except Failure as failure:
        if not module.check_mode or failure.reason not in UNREACHED:
            raise
        return {"verdicts": _foretold(failure), "seconds": round(time.monotonic() - begun, 3)}
    verdicts = [gate.decide(evidence) for gate in GATES]
    blocking = unproved(verdicts)
    if blocking and not module.check_mode:
        named = "; ".join(f"{entry['name']} {entry['verdict']} ({entry['evidence']})" for entry in blocking)
        raise Failure(
            "CONVERSATION_NOT_PROVED",
            f"The conversation is not proved: {named}.",
            hint="The verdicts have the evidence of every check.",
            facts={"verdicts": verdicts},
        )
    return {"verdicts": verdicts, "seconds": round(time.monotonic() - begun, 3)}


def _foretold(failure: Failure) -> list[dict[str, str]]:
    """The verdicts of check mode where nobody is at the address: an earlier task may have only predicted it."""
    evidence = f"nobody is at the address yet: {failure.message}"
    return [{"name": gate.name, "verdict": NO_EVIDENCE, "evidence": evidence} for gate in GATES]


def plan_of(params: Mapping[str, Any]) -> Plan:
    """What the options ask for; `Failure` INVALID_OPTION before any call."""
    url = params["url"].rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise invalid("url", params["url"], "a URL such as https://app.example.org/api/conversation")
    words = {str(word_id): str(word) for word_id, word in params["words"].items()}
    if len(words) < FEWEST_WORDS:
        raise invalid("words", params["words"], f"at least {FEWEST_WORDS} words by id")
    for word_id in words:
        if len(word_id) < SHORTEST_ID:
            raise invalid("words", word_id, f"ids of at least {SHORTEST_ID} characters that nobody else uses")
    least, most = params["shortest_audio"], params["longest_audio"]
    if not 0 < least < most:
        raise invalid("shortest_audio", least, f"above 0 and below {most}, the longest")
    plan = Plan(
        url=url,
        words=words,
        sample_rates=tuple(params["sample_rates"]),
        length_bounds=(least, most),
        **{name: params[name] for name in _AS_GIVEN},
    )
    for kind in ("text", "audio"):
        _refuse_nameless(plan, kind)
    return plan


def _refuse_nameless(plan: Plan, kind: str) -> None:
    option, template = f"{kind}_object", getattr(plan, f"{kind}_object")
    try:
        named = plan.object_of(kind, "WORD-ID", "WORD-ID-HASH")
    except (KeyError, IndexError, ValueError) as problem:
        raise invalid(option, template, "word_id, hash, conversation_id, voice and bitrate in braces") from problem
    if "WORD-ID" not in named:
        raise invalid(option, template, "a name with {word_id} or {conversation_id}, by which its objects are found")
