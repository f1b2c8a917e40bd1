"""Rust."""

from qwen_lsp.languages.base import Language, grammar_of

RUST = Language(
    id="rust",
    title="Rust",
    lsp_ids=frozenset({"rust"}),
    extensions=frozenset({".rs"}),
    fence="rust",
    grammar=grammar_of("tree_sitter_rust"),
    functions=frozenset({"function_item", "function_signature_item"}),
    containers={
        "enum_item": "enum",
        "impl_item": "impl",
        "mod_item": "module",
        "struct_item": "struct",
        "trait_item": "trait",
        "union_item": "union",
    },
    imports=frozenset({"extern_crate_declaration", "use_declaration"}),
    comments=frozenset({"block_comment", "line_comment"}),
    strings=frozenset({"char_literal", "raw_string_literal", "string_literal"}),
    blocks=frozenset(
        {"block", "declaration_list", "enum_variant_list", "field_declaration_list", "match_block"}
    ),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="slashes",
    doc_prefix="///",
    attributes=frozenset({"attribute_item"}),
    error_handling="if conditions that return an Err",
    error_result="Result",
)
