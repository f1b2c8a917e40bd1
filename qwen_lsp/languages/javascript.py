"""JavaScript, with and without JSX: one grammar reads both."""

from qwen_lsp.languages import _ecmascript as ecmascript
from qwen_lsp.languages.base import Language, grammar_of

JAVASCRIPT = Language(
    id="javascript",
    title="JavaScript",
    lsp_ids=frozenset({"javascript", "javascriptreact"}),
    extensions=frozenset({".js", ".jsx", ".mjs", ".cjs"}),
    fence="javascript",
    grammar=grammar_of("tree_sitter_javascript"),
    functions=ecmascript.FUNCTIONS,
    containers=ecmascript.CONTAINERS,
    imports=ecmascript.IMPORTS,
    import_calls=ecmascript.IMPORT_CALLS,
    comments=ecmascript.COMMENTS | {"html_comment"},
    strings=ecmascript.STRINGS,
    blocks=ecmascript.BLOCKS,
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
    interpolations=ecmascript.INTERPOLATIONS,
    bindings=ecmascript.BINDINGS - {"public_field_definition"},
    wrappers=ecmascript.WRAPPERS,
    attributes=ecmascript.ATTRIBUTES,
    error_handling=ecmascript.ERROR_HANDLING,
    scoping="ecmascript",
)
