"""Java."""

from qwen_lsp.languages.base import Language, grammar_of

JAVA = Language(
    id="java",
    title="Java",
    lsp_ids=frozenset({"java"}),
    extensions=frozenset({".java"}),
    fence="java",
    grammar=grammar_of("tree_sitter_java"),
    functions=frozenset(
        {"compact_constructor_declaration", "constructor_declaration", "method_declaration"}
    ),
    containers={
        "annotation_type_declaration": "annotation",
        "class_declaration": "class",
        "enum_declaration": "enum",
        "interface_declaration": "interface",
        "record_declaration": "record",
    },
    imports=frozenset({"import_declaration"}),
    comments=frozenset({"block_comment", "line_comment"}),
    strings=frozenset({"character_literal", "string_literal"}),
    interpolations=frozenset({"string_interpolation"}),
    blocks=frozenset(
        {"block", "class_body", "constructor_body", "enum_body", "interface_body", "switch_block"}
    ),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
    attributes=frozenset({"annotation", "marker_annotation"}),
    error_handling="try and catch with the kinds of exceptions that can occur, and throw",
)
