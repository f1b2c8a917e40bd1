"""textDocument/codeAction: what can be done here, from syntax alone. The model is not asked."""

from collections.abc import Sequence
from dataclasses import replace

from lsprotocol import types

from qwen_lsp.features.actions import (
    ACTIONS,
    Offer,
    Target,
    find_offers,
    find_site,
    is_wanted,
)
from qwen_lsp.features.actions.base import Site
from qwen_lsp.features.actions.fix_diagnostic import FIX_DIAGNOSTIC
from qwen_lsp.features.review import Finding, functions_to_review, quick_fix
from qwen_lsp.server.convert import to_range, to_span, to_text_edit
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.edits import workspace_edit
from qwen_lsp.server.findings import SOURCE, to_diagnostic
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document, Span

REVIEW_KIND = "source.review"


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server
    kinds = [action.kind for action in ACTIONS if action is not FIX_DIAGNOSTIC]
    options = types.CodeActionOptions(
        code_action_kinds=[*kinds, types.CodeActionKind.QuickFix, REVIEW_KIND],
        resolve_provider=True,
    )

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def _(params: types.CodeActionParams) -> list[types.CodeAction]:
        document = server.documents.get(params.text_document.uri)
        if document is None or is_too_large(document):
            return []
        span = to_span(document, params.range, server.documents.encoding)
        only = tuple(str(kind) for kind in params.context.only or ())
        is_automatic = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        others = [one for one in params.context.diagnostics if one.source != SOURCE]
        found: list[types.CodeAction] = []
        site = find_site(document, span, server.documents.folder_of(document))
        if is_wanted("quickfix", only):
            found += _quick_fixes(session, document, span)
            found += _fixes_of_others(session, site, others)
        if not any(is_wanted(kind, only) for kind in (*kinds, REVIEW_KIND)):
            return found
        target = site.target if site is not None else None
        found += [_code_action(session, document, each) for each in find_offers(site, only)]
        if is_automatic:
            # The cursor has moved: what is about the file as a whole is not looked for.
            return [each for each in found if not _is_source(each)]
        if is_wanted(REVIEW_KIND, only):
            found += _review_actions(session, document, target, others)
        return found


def _is_source(action: types.CodeAction) -> bool:
    return str(action.kind).startswith("source.")


def _code_action(
    session: Session, document: Document, offer: Offer, **more: str
) -> types.CodeAction:
    if offer.needs_instruction:
        # The editor asks for the instruction, and sends it along.
        place = to_range(document, offer.selection, session.server.documents.encoding)
        argument = {"uri": document.uri, "range": place}
        command = types.Command(title=offer.title, command="qwenLsp.rewrite", arguments=[argument])
        return types.CodeAction(title=offer.title, kind=offer.kind, command=command)
    data = {
        "uri": document.uri,
        "version": document.version,
        "action": offer.action,
        "start": offer.selection.start,
        "end": offer.selection.end,
        **more,
    }
    action = types.CodeAction(title=offer.title, kind=offer.kind, data=data)
    if not _resolves_edits(session):
        # Such a client would do nothing with an action that has no edit yet.
        action.command = types.Command(
            title=offer.title, command="qwenLsp.applyAction", arguments=[data]
        )
    return action


def _resolves_edits(session: Session) -> bool:
    document = session.server.client_capabilities.text_document
    action = document.code_action if document is not None else None
    support = action.resolve_support if action is not None else None
    return support is not None and "edit" in support.properties


def _fixes_of_others(
    session: Session, site: Site | None, diagnostics: Sequence[types.Diagnostic]
) -> list[types.CodeAction]:
    """Return a fix for each diagnostic of another tool that lies in a function."""
    found: list[types.CodeAction] = []
    if site is None:
        return found
    document = site.document
    for diagnostic in diagnostics:
        span = to_span(document, diagnostic.range, session.server.documents.encoding)
        message = _text_of(diagnostic)
        if FIX_DIAGNOSTIC.is_offered(replace(site, selection=span, instruction=message)):
            title = f"Fix: {message.partition(chr(10))[0]}"
            offer = Offer(FIX_DIAGNOSTIC.id, title, FIX_DIAGNOSTIC.kind, span)
            action = _code_action(session, document, offer, instruction=message)
            action.diagnostics = [diagnostic]
            found.append(action)
    return found


def _text_of(diagnostic: types.Diagnostic) -> str:
    code = f" [{diagnostic.code}]" if diagnostic.code is not None else ""
    return f"{diagnostic.message}{code}"


def _quick_fixes(session: Session, document: Document, span: Span) -> list[types.CodeAction]:
    encoding = session.server.documents.encoding
    actions: list[types.CodeAction] = []
    line_of = document.lines.line_of
    for finding in session.findings.get(document.uri, []):
        # A finding is about its lines: wherever on them the cursor stands, its fix is meant.
        first, last = line_of(finding.span.start), line_of(finding.span.end)
        if not (first <= line_of(span.end) and line_of(span.start) <= last):
            continue
        diagnostic = to_diagnostic(session, document, finding)
        edit = quick_fix(document, finding)
        if edit is not None:
            edits = [to_text_edit(document, edit, encoding)]
            actions.append(
                types.CodeAction(
                    title=f"Fix: {finding.instead}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    edit=workspace_edit(session, document, edits),
                )
            )
        actions.append(_dismissal(document, finding, diagnostic))
    return actions


def _dismissal(
    document: Document, finding: Finding, diagnostic: types.Diagnostic
) -> types.CodeAction:
    title = "Dismiss this finding"
    argument = {
        "uri": document.uri,
        "code": finding.code,
        "function": finding.function,
        "quote": finding.quote,
    }
    command = types.Command(title=title, command="qwenLsp.dismissFinding", arguments=[argument])
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        command=command,
    )


def _review_actions(
    session: Session,
    document: Document,
    target: Target | None,
    known: Sequence[types.Diagnostic],
) -> list[types.CodeAction]:
    """Return the entries that review; what other tools say of the place goes with the command."""
    actions: list[types.CodeAction] = []
    if target is not None:
        encoding = session.server.documents.encoding
        place = to_range(document, target.function.definition_span, encoding)
        argument = {"uri": document.uri, "range": place, "known": known}
        title = "Review this function"
        command = types.Command(title=title, command="qwenLsp.review", arguments=[argument])
        actions.append(types.CodeAction(title=title, kind=REVIEW_KIND, command=command))
    if target is not None or functions_to_review(document):
        title = "Review this file"
        command = types.Command(
            title=title, command="qwenLsp.review", arguments=[{"uri": document.uri, "known": known}]
        )
        actions.append(types.CodeAction(title=title, kind=REVIEW_KIND, command=command))
    return actions
