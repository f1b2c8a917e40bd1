"""Go."""

from qwen_lsp.languages.base import Language, grammar_of

GO = Language(
    id="go",
    title="Go",
    lsp_ids=frozenset({"go"}),
    extensions=frozenset({".go"}),
    fence="go",
    grammar=grammar_of("tree_sitter_go"),
    functions=frozenset(
        {"func_literal", "function_declaration", "method_declaration", "method_elem"}
    ),
    containers={"type_spec": "type"},
    imports=frozenset({"import_declaration"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"interpreted_string_literal", "raw_string_literal", "rune_literal"}),
    blocks=frozenset({"block", "field_declaration_list", "interface_type"}),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="line",
    doc_prefix="//",
    bindings=frozenset(
        {
            "assignment_statement",
            "expression_list",
            "short_var_declaration",
            "type_declaration",
            "var_declaration",
            "var_spec",
        }
    ),
    error_handling="if conditions that return an error, made by errors.New or fmt.Errorf",
    error_result="error",
)
