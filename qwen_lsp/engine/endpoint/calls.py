"""From a request to the best call that a server knows for it, or one sentence why there is none."""

import json
from collections.abc import Sequence
from dataclasses import replace

from qwen_lsp.engine.chat import Part
from qwen_lsp.engine.endpoint.connection import Connection
from qwen_lsp.engine.endpoint.prompt import Form, chat_parts, has_mark_as_text, hole_parts
from qwen_lsp.engine.endpoint.reading import Reading
from qwen_lsp.engine.endpoint.servers.base import Call, RawPrompt, Server
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill


async def call_for(
    request: GenerateRequest, server: Server, form: Form, connection: Connection
) -> tuple[Call, Reading]:
    """Return the call, and what will read its reply; raises EngineError."""
    prompt = request.prompt
    if isinstance(prompt, Infill):
        if form.has_marks and server.takes_raw_prompts:
            return await _raw(request, hole_parts(prompt), server, connection)
        if not server.fills_holes:
            raise EngineError(
                f"{server.title} cannot fill holes in code with the model {server.facts.model}."
            )
        _check(request, server)
        hole = replace(prompt, middle=prompt.middle + request.begun)
        return server.hole_call(request, hole), Reading(request.stops)
    held = request.reply_schema is not None
    if form.chat_template and server.takes_raw_prompts and (server.holds_raw_to_schema or not held):
        return await _raw(request, chat_parts(prompt, form), server, connection)
    if held and not server.holds_chat_to_schema:
        raise EngineError(f"{server.title} cannot hold a reply to a schema, which this needs.")
    if request.reply_grammar or request.scored:
        raise EngineError(
            f"{server.title} takes no prompt of {server.facts.model} as it is, which this needs."
        )
    if any(has_mark_as_text(message.text) for message in prompt.messages):
        raise _marks_as_text(server)
    # A reply begins anew here, and may begin with what would stop one that goes on.
    stops = () if prompt.reply_start else request.stops
    start = prompt.reply_start + request.begun
    reading = Reading(request.stops, start=start, is_turn=True)
    return server.chat_call(request, prompt.messages, stops), reading


async def _raw(
    request: GenerateRequest, parts: Sequence[Part], server: Server, connection: Connection
) -> tuple[Call, Reading]:
    _check(request, server)
    begun = request.begun
    if begun and server.holds_to_beginning and not (request.reply_schema or request.reply_grammar):
        grammar = f"root ::= {json.dumps(begun, ensure_ascii=False)} [^\\x00]*"
        request = replace(request, reply_grammar=grammar)
    else:
        parts = [*parts, Part(begun, control=False)]
        begun = ""
    prompt = await _raw_prompt(parts, server, connection)
    return server.raw_call(request, prompt), Reading(request.stops, begun=begun)


async def _raw_prompt(parts: Sequence[Part], server: Server, connection: Connection) -> RawPrompt:
    """Return the text of the parts, or its tokens where the text could be misunderstood."""
    if not any(has_mark_as_text(part.text) for part in parts if not part.control):
        return "".join(part.text for part in parts)
    tokens: list[int] = []
    try:
        for part in parts:
            tokens += await server.tokens_of(connection, part.text, control=part.control)
    except NotImplementedError:
        raise _marks_as_text(server) from None
    return tokens


def _marks_as_text(server: Server) -> EngineError:
    return EngineError(
        f"The code holds special tokens as text, and {server.title} cannot tell the two apart."
    )


def _check(request: GenerateRequest, server: Server) -> None:
    """Raise EngineError where a raw prompt's reply cannot be had as it is wanted."""
    if request.reply_grammar and not server.holds_to_grammar:
        raise EngineError(f"{server.title} cannot hold a reply to a grammar, which this needs.")
    if request.scored and not server.tells_scores:
        raise EngineError(
            f"{server.title} does not tell how likely each word is, which this needs."
        )
