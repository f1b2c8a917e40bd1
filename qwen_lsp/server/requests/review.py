"""The commands `qwenLsp.review` and `qwenLsp.clearReview`."""

import asyncio
from typing import Any, cast

from lsprotocol import converters, types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.actions import find_target
from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.review import functions_to_review, moved_findings, review_function
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.convert import to_span
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.findings import publish
from qwen_lsp.server.progress import progress
from qwen_lsp.server.session import Session

_converter = converters.get_converter()


def register(session: Session) -> None:
    """Add the commands."""
    server = session.server

    @server.command("qwenLsp.review")
    async def _(argument: dict[str, Any]) -> dict[str, int]:
        document = server.documents.get(str(argument.get("uri")))
        if document is None:
            raise RequestFailedError("The file to review is not open.")
        if is_too_large(document):
            raise RequestFailedError(f"{document.path} is too large to review.")
        if session.paused:
            raise RequestFailedError("qwen-lsp is paused.")
        if argument.get("range") is None:
            targets = functions_to_review(document)
        else:
            place = _converter.structure(argument["range"], types.Range)
            span = to_span(document, place, server.documents.encoding)
            target = find_target(document, span.start)
            targets = [target] if target is not None else []
        if not targets:
            raise RequestFailedError(f"There is no function to review in {document.path}.")
        count = await review_targets(session, document.uri, targets)
        return {"functions": len(targets), "findings": count}

    @server.command("qwenLsp.clearReview")
    def _(*arguments: Any) -> None:
        named = cast("tuple[dict[str, Any], ...]", arguments)
        uris = [str(argument["uri"]) for argument in named if "uri" in argument]
        for uri in uris or list(session.findings):
            if session.findings.pop(uri, None):
                publish(session, uri)


async def review_targets(session: Session, uri: str, targets: list[Target]) -> int:
    """Review functions one after the other, showing what is found at once; return the count.

    A function that changes meanwhile loses the findings that no longer fit.
    """
    documents = session.server.documents
    title = "Reviewing " + (
        targets[0].function.name if len(targets) == 1 else f"{len(targets)} functions"
    )
    count = 0
    session.status.begin_work(f"{title}.")
    try:
        async with progress(session.server, title, percentage=0) as bar:
            model = await session.model()
            for number, target in enumerate(targets):
                bar.report(target.function.name, number / len(targets))
                found = await review_function(target, model, session.settings.review)
                document = documents.get(uri)
                if document is None:
                    break
                found = moved_findings(found, target.document, document)
                name = target.function.qualified_name
                others = [f for f in session.findings.get(uri, []) if f.function != name]
                session.findings[uri] = sorted([*others, *found], key=lambda f: f.span)
                count += len(found)
                publish(session, uri)
                await asyncio.sleep(0)
    except (EngineError, TemplateFileError) as error:
        raise RequestFailedError(str(error)) from error
    finally:
        session.status.end_work()
    return count
