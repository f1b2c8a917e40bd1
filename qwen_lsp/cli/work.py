"""`complete`, `action`, `explain` and `review`: the features on files, without an editor."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_lsp.cli.asking import settings_here, timing, with_model
from qwen_lsp.cli.output import ExitCode, UsageError, print_result, say
from qwen_lsp.cli.sarif import sarif
from qwen_lsp.cli.sources import (
    end_offset,
    offset_of,
    parse_place,
    path_here,
    read_document,
    source_files,
    write_new_file,
    write_text,
)
from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.features.actions import ACTIONS, find_site, find_target, resolve
from qwen_lsp.features.actions.base import (
    Action,
    RefusalError,
    Rewrite,
    Site,
    Target,
    kept_from_model,
)
from qwen_lsp.features.complete import complete
from qwen_lsp.features.explain import explain, explained_code
from qwen_lsp.features.model import LocalModel, no_model
from qwen_lsp.features.project import Project
from qwen_lsp.features.review import (
    SEVERITIES,
    Finding,
    functions_to_review,
    review_function,
)
from qwen_lsp.features.review.memory import ReviewMemory, key_maker, memory_of, model_name
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Document, Span, apply_edits, new_file_diff, unified_diff


def run_complete(arguments: argparse.Namespace) -> int:
    """Print one inline completion."""
    place = parse_place(arguments.place)
    if place.line is None or place.column is None:
        raise UsageError("A cursor is needed, as in FILE:LINE:COL.")
    settings = settings_here(arguments)
    document = read_document(place.path, settings.context.exclude)
    offset = offset_of(document, place)
    if is_kept_from_model(document):
        raise RefusalError(kept_from_model(document))
    one = replace(settings, inline_completion=replace(settings.inline_completion, alternatives=1))

    async def work(model: LocalModel) -> tuple[str, dict[str, Any]]:
        began = time.monotonic()
        found = await complete(document, offset, model, one, Project(), explicit=True)
        text = found[0].text if found else ""
        return text, {"text": text} | timing(model, (time.monotonic() - began) * 1000)

    text, data = with_model(settings, work)
    if not text and not arguments.json:
        say("There is nothing to suggest here.")
    print_result(text, data, as_json=arguments.json)
    return ExitCode.DONE


def run_action(arguments: argparse.Namespace) -> int:
    """Print the edit of one action as a unified diff, or apply it."""
    settings = settings_here(arguments)
    action, site = _action_and_site(arguments, settings.context.exclude)
    document, path = site.document, parse_place(arguments.place).path
    _warn_of_syntax_errors(document)

    async def work(model: LocalModel) -> tuple[Rewrite, dict[str, Any]]:
        began = time.monotonic()
        rewrite = await resolve(site, action.id, model, settings.checks.workspace_tools)
        return rewrite, timing(model, (time.monotonic() - began) * 1000)

    if action.asks_model:
        rewrite, data = with_model(settings, work)
    else:
        rewrite, data = asyncio.run(work(no_model()))
    after = apply_edits(document.text, rewrite.edits)
    diff = unified_diff(document.path, document.text, after)
    if rewrite.new_file is not None:
        diff += new_file_diff(path_here(rewrite.new_file.path), rewrite.new_file.text)
    if arguments.write:
        if read_document(path).text != document.text:
            raise RefusalError(f"{document.path} was changed meanwhile; nothing is written.")
        if rewrite.edits:
            write_text(path, after)
        if rewrite.new_file is not None:
            write_new_file(rewrite.new_file.path, rewrite.new_file.text)
    print_result(
        diff,
        {"action": action.id, "diff": diff, "written": arguments.write} | data,
        as_json=arguments.json,
    )
    return ExitCode.DONE


def _action_and_site(
    arguments: argparse.Namespace, exclude: tuple[str, ...]
) -> tuple[Action, Site]:
    """Return what is to be done where; raises UsageError."""
    place = parse_place(arguments.place)
    if place.line is None:
        raise UsageError("A line is needed, as in FILE:LINE.")
    action = find_action(arguments.action)
    instruction = arguments.instruction or ""
    if action.needs_instruction and not instruction.strip():
        raise UsageError(f'{action.id} needs --instruction "what to do".')
    document = read_document(place.path, exclude)
    start = offset_of(document, place)
    end = end_offset(document, place, arguments.to) if arguments.to else start
    if end < start:
        raise UsageError("The selection ends before it begins.")
    site = find_site(document, Span(start, end), Path.cwd(), instruction)
    if site is None:
        raise UsageError(f"There are no actions for files like {place.path.name}.")
    return action, replace(site, exclude=exclude)


def run_explain(arguments: argparse.Namespace) -> int:
    """Print what a function does, while the model says it."""
    place = parse_place(arguments.place)
    if place.line is None:
        raise UsageError("A line is needed, as in FILE:LINE.")
    settings = settings_here(arguments)
    document = read_document(place.path, settings.context.exclude)
    offset = offset_of(document, place)
    site = find_site(document, Span(offset, offset))
    if site is None:
        raise UsageError(f"Files like {place.path.name} cannot be explained.")
    explained_code(site)  # What cannot be explained is said before a model is started.
    printed = 0

    def print_more(so_far: str) -> None:
        nonlocal printed
        # White space at an end may still go.
        text = so_far.strip()
        sys.stdout.write(text[printed:])
        sys.stdout.flush()
        printed = len(text)

    async def work(model: LocalModel) -> tuple[str, dict[str, Any]]:
        began = time.monotonic()
        on_text = None if arguments.json else print_more
        text = await explain(site, model, settings.review.language, on_text)
        return text, timing(model, (time.monotonic() - began) * 1000)

    text, data = with_model(settings, work)
    print_result(text[printed:] or "\n", {"text": text} | data, as_json=arguments.json)
    return ExitCode.DONE


def run_review(arguments: argparse.Namespace) -> int:
    """Print the findings of a file, a function or a folder."""
    place = parse_place(arguments.place)
    settings = settings_here(arguments)
    targets = _review_targets(place.path, place.line, settings.context.exclude)
    found: list[tuple[Document, Finding]] = []
    memory = memory_of(Path.cwd())

    is_text = not (arguments.json or arguments.sarif)

    async def work(model: LocalModel) -> None:
        key_of = key_maker(model_name(model), model.templates, settings.review)
        for number, target in enumerate(targets, start=1):
            if is_text:
                name = target.function.qualified_name
                say(f"[{number}/{len(targets)}] {target.document.path}: {name}")
            for finding in await _findings(target, model, settings.review, memory, key_of(target)):
                found.append((target.document, finding))
                if is_text:
                    print_result(_finding_line(target.document, finding), {}, as_json=False)

    if targets:
        with_model(settings, work)
    else:
        say(f"There is no function to review in {place.path}.")
    if arguments.sarif:
        print_result(json.dumps(sarif(found), indent=2), {}, as_json=False)
    elif arguments.json:
        print_result("", {"findings": [_finding_data(*each) for each in found]}, as_json=True)
    limit = SEVERITIES.index(arguments.fail_on)
    severe = any(SEVERITIES.index(finding.severity) >= limit for _, finding in found)
    return ExitCode.FINDINGS if severe else ExitCode.DONE


async def _findings(
    target: Target, model: LocalModel, settings: ReviewSettings, memory: ReviewMemory, key: str
) -> list[Finding]:
    """Return what is to be shown of a function; one that is as it was is not reviewed again."""
    found = memory.recall(key, target)
    if found is None:
        found = await review_function(target, model, settings)
        memory.remember(key, target, found)
        memory.save()
    return memory.not_dismissed(found)


def _review_targets(path: Path, line: int | None, exclude: tuple[str, ...]) -> Sequence[Target]:
    if not path.is_dir():
        document = read_document(path, exclude)
        if is_kept_from_model(document):
            raise RefusalError(kept_from_model(document))
        _warn_of_syntax_errors(document)
        if line is None:
            return functions_to_review(document)
        offset = offset_of(document, parse_place(f"{path}:{line}"))
        target = find_target(document, offset)
        return [target] if target is not None else []
    if line is not None:
        raise UsageError(f"{path} is a folder; a line belongs to a file.")
    targets: list[Target] = []
    for file in source_files(path):
        try:
            document = read_document(file, exclude)
        except UsageError as error:
            say(f"Left out: {error}")
            continue
        if not is_kept_from_model(document):
            targets += functions_to_review(document)
    return targets


def find_action(text: str) -> Action:
    """Return the action that a user named by its id or its kind; raises UsageError."""
    wanted = text.replace("-", "_").lower()
    for action in ACTIONS:
        if wanted == action.id or text in (action.kind, action.kind.rpartition(".")[2]):
            return action
    known = ", ".join(action.id for action in ACTIONS)
    raise UsageError(f"There is no action {text}; there are {known}.")


def _warn_of_syntax_errors(document: Document) -> None:
    language = language_for_id(document.language_id)
    errors = parse(language, document.text).error_spans() if language is not None else []
    if errors:
        line = document.lines.line_of(errors[0].start) + 1
        say(f"{document.path} has a syntax error in line {line}; working with what can be read.")


def _position(document: Document, offset: int) -> tuple[int, int]:
    line = document.lines.line_of(offset)
    return line + 1, offset - document.lines.start(line) + 1


def _finding_line(document: Document, finding: Finding) -> str:
    line, column = _position(document, finding.span.start)
    message = f"{finding.severity}: {finding.message} [{finding.code}]"
    return f"{document.path}:{line}:{column}: {message}"


def _finding_data(document: Document, finding: Finding) -> dict[str, Any]:
    line, column = _position(document, finding.span.start)
    return {
        "path": document.path,
        "line": line,
        "column": column,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "function": finding.function,
        "quote": finding.quote,
        "instead": finding.instead,
    }
