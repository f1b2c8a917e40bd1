"""textDocument/codeAction: what can be done here, from syntax alone. The model is not asked."""

from lsprotocol import types

from qwen_lsp.features.actions import (
    ACTIONS,
    Offer,
    Target,
    find_offers,
    find_site,
    is_wanted,
)
from qwen_lsp.features.review import functions_to_review, quick_fix
from qwen_lsp.server.convert import to_range, to_span, to_text_edit
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.edits import workspace_edit
from qwen_lsp.server.findings import to_diagnostic
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document, Span

REVIEW_KIND = "source.review"


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server
    kinds = [action.kind for action in ACTIONS]
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
        found = _quick_fixes(session, document, span) if is_wanted("quickfix", only) else []
        if not any(is_wanted(kind, only) for kind in (*kinds, REVIEW_KIND)):
            return found
        site = find_site(document, span, server.documents.folder_of(document))
        target = site.target if site is not None else None
        found += [_code_action(session, document, each) for each in find_offers(site, only)]
        if is_automatic:
            # The cursor has moved: what is about the file as a whole is not looked for.
            return [each for each in found if not _is_source(each)]
        if is_wanted(REVIEW_KIND, only):
            found += _review_actions(session, document, target)
        return found


def _is_source(action: types.CodeAction) -> bool:
    return str(action.kind).startswith("source.")


def _code_action(session: Session, document: Document, offer: Offer) -> types.CodeAction:
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


def _quick_fixes(session: Session, document: Document, span: Span) -> list[types.CodeAction]:
    encoding = session.server.documents.encoding
    actions: list[types.CodeAction] = []
    for finding in session.findings.get(document.uri, []):
        touched = finding.span.start <= span.end and span.start <= finding.span.end
        edit = quick_fix(document, finding) if touched else None
        if edit is not None:
            actions.append(
                types.CodeAction(
                    title=f"Fix: {finding.instead}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[to_diagnostic(session, document, finding)],
                    edit=workspace_edit(
                        session, document, [to_text_edit(document, edit, encoding)]
                    ),
                )
            )
    return actions


def _review_actions(
    session: Session, document: Document, target: Target | None
) -> list[types.CodeAction]:
    actions: list[types.CodeAction] = []
    if target is not None:
        encoding = session.server.documents.encoding
        place = to_range(document, target.function.definition_span, encoding)
        argument = {"uri": document.uri, "range": place}
        title = "Review this function"
        command = types.Command(title=title, command="qwenLsp.review", arguments=[argument])
        actions.append(types.CodeAction(title=title, kind=REVIEW_KIND, command=command))
    if target is not None or functions_to_review(document):
        title = "Review this file"
        command = types.Command(
            title=title, command="qwenLsp.review", arguments=[{"uri": document.uri}]
        )
        actions.append(types.CodeAction(title=title, kind=REVIEW_KIND, command=command))
    return actions
