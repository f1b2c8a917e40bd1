"""Lua."""

from qwen_lsp.languages.base import Language, grammar_of

LUA = Language(
    id="lua",
    title="Lua",
    lsp_ids=frozenset({"lua"}),
    extensions=frozenset({".lua"}),
    fence="lua",
    grammar=grammar_of("tree_sitter_lua"),
    functions=frozenset({"function_declaration", "function_definition"}),
    containers={},
    imports=frozenset(),
    import_calls=frozenset({"dofile", "require"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"string"}),
    blocks=frozenset({"block"}),
    line_comment="--",
    block_comment=("--[[", "]]"),
    block_style="end",
    doc_style="line",
    doc_prefix="---",
    bindings=frozenset(
        {"assignment_statement", "expression_list", "field", "variable_declaration"}
    ),
    error_handling="if conditions that call error",
)
