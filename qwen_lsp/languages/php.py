"""PHP, read as a whole file: text before `<?php` is not code."""

from qwen_lsp.languages.base import Language, grammar_of

PHP = Language(
    id="php",
    title="PHP",
    lsp_ids=frozenset({"php"}),
    extensions=frozenset({".php", ".phtml"}),
    fence="php",
    grammar=grammar_of("tree_sitter_php", "language_php"),
    functions=frozenset({"function_definition", "method_declaration"}),
    containers={
        "class_declaration": "class",
        "enum_declaration": "enum",
        "interface_declaration": "interface",
        "trait_declaration": "trait",
    },
    imports=frozenset({"namespace_use_declaration"}),
    import_calls=frozenset(
        {
            "include_expression",
            "include_once_expression",
            "require_expression",
            "require_once_expression",
        }
    ),
    comments=frozenset({"comment"}),
    strings=frozenset({"encapsed_string", "heredoc", "nowdoc", "string"}),
    blocks=frozenset({"compound_statement", "declaration_list", "enum_declaration_list"}),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
    attributes=frozenset({"attribute_list"}),
    error_handling="try and catch with the kinds of exceptions that can occur, and throw",
)
