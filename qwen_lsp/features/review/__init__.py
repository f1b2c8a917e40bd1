"""Review: what may be wrong in a function, with the line that shows it.

Evidence comes first: what the syntax shows (`by_syntax.py`), and the examples of the documentation
(`by_examples.py`). The model is asked (`by_model.py`) where these have nothing to say, because a
small one sees bugs everywhere. What was found is remembered in `memory.py`.
"""

import logging

from qwen_lsp.context.function import shown_code
from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review.by_examples import check_examples, find_by_examples
from qwen_lsp.features.review.by_model import find_by_model
from qwen_lsp.features.review.by_syntax import find_by_syntax
from qwen_lsp.features.review.finding import (
    CATEGORIES,
    SEVERITIES,
    Finding,
    Known,
    Severity,
    is_severe_enough,
    merged,
    moved_findings,
    not_known,
    quick_fix,
)
from qwen_lsp.features.review.lines import functions_to_review, quotable_lines
from qwen_lsp.settings import ReviewSettings

__all__ = [
    "CATEGORIES",
    "SEVERITIES",
    "Finding",
    "Known",
    "Severity",
    "functions_to_review",
    "moved_findings",
    "not_known",
    "quick_fix",
    "review_function",
]

_log = logging.getLogger(__name__)


async def review_function(
    target: Target, model: LocalModel, settings: ReviewSettings
) -> list[Finding]:
    """Return the findings in one function, the surest first.

    Raises EngineError and TemplateFileError.
    """
    if not quotable_lines(target):
        return []
    document, function = target.document, target.function
    if is_kept_from_model(document):
        _log.info("%s is not reviewed: its file is kept from the model", function.name)
        return []
    if holds_secret(shown_code(document, target.tree, function)):
        _log.info("%s is not reviewed: it holds what looks like a key or token", function.name)
        return []
    findings = find_by_syntax(target, settings.language)
    checked = await check_examples(target) if settings.run_examples else None
    if checked is not None and checked.broken is not None:
        found = await find_by_examples(target, checked, model, settings.language)
        # The surest first: what overlaps with it is the same finding.
        findings = [found, *findings] if found is not None else findings
    elif model.finds_bugs and (checked is None or model.explains):
        # Where the examples hold, a weak model is wrong more often than the code is.
        findings += await find_by_model(target, model, settings)
    return merged([one for one in findings if is_severe_enough(one.code, settings)])
