"""Extract function: the selection becomes a function of its own, and a call of it.

What the function takes, what it gives back and whether it can be one at all is read from the syntax
(`languages.extraction`). The model only gives it a name and a sentence.
"""

from qwen_lsp.context.function import without_indent
from qwen_lsp.features.actions.base import Action, Draft, RefusalError, Site
from qwen_lsp.features.actions.moved_code import indent_of_line
from qwen_lsp.features.actions.naming import ask_for_name, ask_for_sentence
from qwen_lsp.features.actions.new_function import NewFunction
from qwen_lsp.features.checks import keeps_names, parses, rest_reads_the_same
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import CannotMoveError
from qwen_lsp.text import TextEdit

_TITLE = "Extract function"


def _is_offered(site: Site) -> bool:
    return site.tree.selects(site.selection)


async def _write(site: Site, model: LocalModel, refused: str) -> Draft:
    del refused  # What is asked of the model has objections of its own.
    document, language = site.document, site.language
    try:
        plan = site.tree.extraction(site.selection)
    except CannotMoveError as error:
        raise RefusalError(f"{_TITLE}: {error}.") from error
    function = NewFunction(plan, site)
    indent = indent_of_line(document, plan.selected.start)
    variables = {
        "language": language.title,
        "fence": language.fence,
        "code": without_indent(document.slice(plan.selected), indent),
        "around": site.target.function.name if site.target is not None else "",
        "results": " and ".join(one.name for one in plan.results),
        "example": "count_words" if language.id == "python" else "countWords",
    }
    word = "def " if language.id == "python" else "function "
    name = await ask_for_name(model, variables, word, language, site.tree.identifiers())
    sentence = await ask_for_sentence(model, variables, function.opening(name), name)
    return Draft(
        (
            TextEdit(plan.selected, function.call(name)),
            function.definition(name, sentence),
        )
    )


EXTRACT_FUNCTION = Action(
    id="extract_function",
    title="Extract function from the selection",
    kind="refactor.extract.function",
    summary="Makes whole statements, or one expression, a function; the model only names it.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, rest_reads_the_same, keeps_names),
)
