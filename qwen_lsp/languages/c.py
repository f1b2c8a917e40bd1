"""C. A header (`.h`) counts as C unless the editor says otherwise."""

from qwen_lsp.languages.base import Language, grammar_of

C = Language(
    id="c",
    title="C",
    lsp_ids=frozenset({"c"}),
    extensions=frozenset({".c", ".h"}),
    fence="c",
    grammar=grammar_of("tree_sitter_c"),
    functions=frozenset({"function_definition"}),
    containers={"enum_specifier": "enum", "struct_specifier": "struct", "union_specifier": "union"},
    imports=frozenset({"preproc_include"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"char_literal", "string_literal", "system_lib_string"}),
    blocks=frozenset({"compound_statement", "enumerator_list", "field_declaration_list"}),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
)
