"""C#."""

from qwen_lsp.languages.base import Language, grammar_of

CSHARP = Language(
    id="csharp",
    title="C#",
    lsp_ids=frozenset({"csharp"}),
    extensions=frozenset({".cs", ".csx"}),
    fence="csharp",
    grammar=grammar_of("tree_sitter_c_sharp"),
    functions=frozenset(
        {
            "constructor_declaration",
            "destructor_declaration",
            "local_function_statement",
            "method_declaration",
            "operator_declaration",
        }
    ),
    containers={
        "class_declaration": "class",
        "enum_declaration": "enum",
        "interface_declaration": "interface",
        "namespace_declaration": "namespace",
        "record_declaration": "record",
        "struct_declaration": "struct",
    },
    imports=frozenset({"using_directive"}),
    comments=frozenset({"comment"}),
    strings=frozenset(
        {
            "character_literal",
            "interpolated_string_expression",
            "raw_string_literal",
            "string_literal",
            "verbatim_string_literal",
        }
    ),
    blocks=frozenset({"block", "declaration_list", "enum_member_declaration_list", "switch_body"}),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="slashes",
    doc_prefix="///",
    interpolations=frozenset({"interpolation"}),
    attributes=frozenset({"attribute_list"}),
    error_handling="try and catch with the kinds of exceptions that can occur, and throw",
)
