"""The commands `qwenLsp.review`, `qwenLsp.clearReview` and `qwenLsp.dismissFinding`."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from lsprotocol import types

from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.actions import find_target
from qwen_lsp.features.actions.base import Target, kept_from_model
from qwen_lsp.features.review import (
    Finding,
    Known,
    functions_to_review,
    moved_findings,
    not_known,
    review_function,
)
from qwen_lsp.features.review.memory import key_maker, model_name
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.convert import to_span
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.findings import publish
from qwen_lsp.server.progress import progress
from qwen_lsp.server.requests.arguments import converter, range_in
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document


def register(session: Session) -> None:
    """Add the commands."""
    server = session.server

    @server.command("qwenLsp.review")
    async def _(argument: dict[str, Any]) -> dict[str, int]:
        return await _review(session, argument)

    @server.command("qwenLsp.clearReview")
    def _(*arguments: Any) -> None:
        _clear(session, [cast("dict[str, Any]", one) for one in arguments if isinstance(one, dict)])

    @server.command("qwenLsp.dismissFinding")
    def _(argument: dict[str, Any]) -> None:
        _dismiss(session, argument)


async def _review(session: Session, argument: dict[str, Any]) -> dict[str, int]:
    """Review the function in `range`, all of a file without one; raises RequestFailedError."""
    documents = session.server.documents
    document = documents.get(str(argument.get("uri")))
    if document is None:
        raise RequestFailedError("The file to review is not open.")
    if is_too_large(document):
        raise RequestFailedError(f"{document.path} is too large to review.")
    if session.paused:
        raise RequestFailedError("qwen-lsp is paused.")
    if argument.get("range") is None:
        targets = _latest_first(session, document)
    else:
        place = to_span(document, range_in(argument), documents.encoding)
        target = find_target(document, place.start)
        targets = [target] if target is not None else []
    if not targets:
        raise RequestFailedError(f"There is no function to review in {document.path}.")
    known = _known(session, document, argument.get("known"))
    count = await review_targets(session, document, targets, known)
    return {"functions": len(targets), "findings": count}


def _clear(session: Session, arguments: Sequence[dict[str, Any]]) -> None:
    """Take findings away, of the files with `uri` or of all; `dismissed` forgets dismissals."""
    if any(argument.get("dismissed") is True for argument in arguments):
        for document in session.server.documents.all():
            session.review_memory(document).forget_dismissed()
    uris = [str(argument["uri"]) for argument in arguments if "uri" in argument]
    for uri in uris or list(session.findings):
        if session.findings.pop(uri, None):
            publish(session, uri)


def _dismiss(session: Session, argument: dict[str, Any]) -> None:
    """Never show a finding with this `code`, `function` and `quote` again in the workspace."""
    uri = str(argument.get("uri"))
    document = session.server.documents.get(uri)
    if document is None:
        raise RequestFailedError("The file of the finding is not open.")
    code, function, quote = (str(argument.get(name)) for name in ("code", "function", "quote"))
    memory = session.review_memory(document)
    memory.dismiss(code, function, quote)
    session.findings[uri] = memory.not_dismissed(session.findings.get(uri, []))
    publish(session, uri)


async def review_targets(
    session: Session, document: Document, targets: Sequence[Target], known: Sequence[Known] = ()
) -> int:
    """Review functions one after the other, showing what is found at once; return the count.

    A function that is as it was when it was last reviewed is not reviewed again, and one that
    changes meanwhile loses the findings that no longer fit. What other tools say in `known` is not
    said again.
    """
    title = "Reviewing " + (
        targets[0].function.name if len(targets) == 1 else f"{len(targets)} functions"
    )
    count = 0
    memory = session.review_memory(document)
    settings = session.settings.review
    session.status.begin_work(f"{title}.")
    try:
        async with progress(session.server, title, percentage=0) as bar:
            model = await session.model()
            if is_kept_from_model(session.server.documents.get(document.uri) or document):
                raise RequestFailedError(kept_from_model(document))
            key_of = key_maker(model_name(model), model.templates, settings)
            for number, target in enumerate(targets):
                key = key_of(target)
                found = memory.recall(key, target)
                if found is None:
                    bar.report(target.function.name, number / len(targets))
                    found = await review_function(target, model, settings)
                    memory.remember(key, target, found)
                found = not_known(memory.not_dismissed(found), known, document)
                if not _show(session, target, found):
                    break
                count += len(found)
                await asyncio.sleep(0)
    except (EngineError, TemplateFileError) as error:
        raise RequestFailedError(str(error)) from error
    finally:
        memory.save()
        session.status.end_work()
    return count


def _show(session: Session, target: Target, found: Sequence[Finding]) -> bool:
    """Put the findings in a function in the place of its old ones; False if its file was closed."""
    uri = target.document.uri
    document = session.server.documents.get(uri)
    if document is None:
        return False
    name = target.function.qualified_name
    old = session.findings.get(uri, [])
    others = [finding for finding in old if finding.function != name]
    session.findings[uri] = [*others, *moved_findings(found, target.document, document)]
    publish(session, uri)
    return True


def _latest_first(session: Session, document: Document) -> list[Target]:
    """Return the functions of a file, those that were edited last first."""
    targets = functions_to_review(document)
    edited = session.project.recent.edited_lines(document.uri)

    def age(target: Target) -> int:
        span, line_of = target.function.span, document.lines.line_of
        first, last = line_of(span.start), line_of(span.end)
        ages = (at for at, (start, end) in enumerate(edited) if start <= last and first <= end)
        return next(ages, len(edited))

    return sorted(targets, key=age)


def _known(session: Session, document: Document, given: Any) -> list[Known]:
    """Return what the editor says that other tools have found, in the argument of the command."""
    try:
        diagnostics = [converter().structure(one, types.Diagnostic) for one in given or ()]
    except Exception as error:  # cattrs promises no kind of error
        raise RequestFailedError("What other tools have found cannot be read.") from error
    encoding = session.server.documents.encoding
    return [Known(to_span(document, one.range, encoding), str(one.message)) for one in diagnostics]
