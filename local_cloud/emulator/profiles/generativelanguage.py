"""The Gemini API: models that answer deterministically, in text or in JSON, and refuse what is marked as unsafe."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Profile
from local_cloud.emulator.profiles.language import by_schema, conversation

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# Model → (title, input tokens, output tokens), https://ai.google.dev/gemini-api/docs/models
_MODELS = {
    "gemini-2.0-flash": ("Gemini 2.0 Flash", 1_048_576, 8192),
    "gemini-2.0-flash-lite": ("Gemini 2.0 Flash-Lite", 1_048_576, 8192),
    "gemini-2.5-flash": ("Gemini 2.5 Flash", 1_048_576, 65_536),
    "gemini-2.5-flash-lite": ("Gemini 2.5 Flash-Lite", 1_048_576, 65_536),
    "gemini-2.5-pro": ("Gemini 2.5 Pro", 1_048_576, 65_536),
}
# A prompt with this word is refused as unsafe, so that clients can be seen to cope.
UNSAFE = "UNSAFE"
_CATEGORIES = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
# About as many characters make a token.
_CHARACTERS = 4
_JSON = "application/json"


def _generate(call: Call) -> Body:
    model = call.parameters["model"].removeprefix("models/")
    _known(model, "generateContent")
    prompt = _prompt(call.body)
    used = _tokens(prompt)
    known = {"modelVersion": model, "responseId": hashlib.sha256(f"{model}\n{prompt}".encode()).hexdigest()[:22]}
    if UNSAFE in prompt:
        feedback = {"blockReason": "SAFETY", "safetyRatings": _ratings("HIGH")}
        return {"promptFeedback": feedback, "usageMetadata": _usage(used, 0), **known}
    config = call.body.get("generationConfig") or {}
    text, reason = _cut(_text(prompt, config), config)
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finishReason": reason,
        "safetyRatings": _ratings("NEGLIGIBLE"),
        "index": 0,
    }
    return {"candidates": [candidate], "usageMetadata": _usage(used, _tokens(text)), **known}


def _prompt(body: Body) -> str:
    contents = body.get("contents") or []
    if not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    parts = [part for content in contents for part in content.get("parts") or []]
    if other := sorted({key for part in parts for key in part} - {"text", "thought"}):
        raise invalid(f"The local cloud's models read text only; a part has {', '.join(other)}.", location="contents")
    if not any(part.get("text") for part in parts):
        raise invalid("* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n")
    return "\n".join(part.get("text", "") for part in parts)


def _text(prompt: str, config: dict[str, Any]) -> str:
    turns = conversation.turns(prompt)
    kind = config.get("responseMimeType") or "text/plain"
    if kind == _JSON:
        plain = {"turns": [{"speaker": turn.speaker, "text": turn.text} for turn in turns]}
        schema = config.get("responseSchema")
        return json.dumps(by_schema.filled(schema, turns) if schema else plain, ensure_ascii=False)
    if kind != "text/plain":
        raise invalid(
            f"* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`,"
            f" `{_JSON}`; not {kind!r}.\n"
        )
    if config.get("responseSchema"):
        raise invalid(f"* GenerateContentRequest.generation_config.response_schema: only allowed with {_JSON}.\n")
    return "\n".join(f"{turn.speaker}: {turn.text}" for turn in turns)


def _cut(text: str, config: dict[str, Any]) -> tuple[str, str]:
    """The text as far as `maxOutputTokens` and `stopSequences` let it go, and why it ends."""
    for stop in config.get("stopSequences") or []:
        text = text.partition(stop)[0]
    most = int(config.get("maxOutputTokens") or 0) * _CHARACTERS
    return (text[:most], "MAX_TOKENS") if 0 < most < len(text) else (text, "STOP")


def _tokens(text: str) -> int:
    return max(1, len(text) // _CHARACTERS)


def _usage(prompt: int, answer: int) -> Body:
    used = {"promptTokenCount": prompt, "totalTokenCount": prompt + answer}
    return used | ({"candidatesTokenCount": answer} if answer else {})


def _ratings(probability: str) -> list[Body]:
    return [{"category": f"HARM_CATEGORY_{name}", "probability": probability} for name in _CATEGORIES]


def _known(model: str, method: str) -> None:
    if model not in _MODELS:
        raise not_found(
            f"models/{model} is not found for API version v1beta, or is not supported for {method}. Call ListModels to"
            " see the list of available models and their supported methods."
        )


def _model(model: str) -> Body:
    title, most_in, most_out = _MODELS[model]
    return {
        "name": f"models/{model}",
        "version": model.split("-")[1],
        "displayName": title,
        "inputTokenLimit": most_in,
        "outputTokenLimit": most_out,
        "supportedGenerationMethods": ["generateContent"],
        "temperature": 1,
        "maxTemperature": 2,
    }


def _get(call: Call) -> Body:
    model = call.parameters["name"].removeprefix("models/")
    _known(model, "getModel")
    return _model(model)


def _list(call: Call) -> Body:
    return page(call, [_model(model) for model in _MODELS], "models")


PROFILE = Profile(
    api="generativelanguage",
    versions=("v1beta",),
    enablement="consumer",
    # Whoever has a token may ask: there is no permission of this API.
    policy_names=lambda _call: None,
    permissions={f"models.{verb}": () for verb in ("generateContent", "get", "list")},
    methods={"models.generateContent": _generate, "models.get": _get, "models.list": _list},
)
