"""C++."""

from qwen_lsp.languages.base import Language, grammar_of

CPP = Language(
    id="cpp",
    title="C++",
    lsp_ids=frozenset({"cpp"}),
    extensions=frozenset({".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ipp"}),
    fence="cpp",
    grammar=grammar_of("tree_sitter_cpp"),
    functions=frozenset({"function_definition"}),
    containers={
        "class_specifier": "class",
        "enum_specifier": "enum",
        "namespace_definition": "namespace",
        "struct_specifier": "struct",
        "union_specifier": "union",
    },
    imports=frozenset({"preproc_include", "using_declaration"}),
    comments=frozenset({"comment"}),
    strings=frozenset(
        {"char_literal", "raw_string_literal", "string_literal", "system_lib_string"}
    ),
    blocks=frozenset(
        {"compound_statement", "declaration_list", "enumerator_list", "field_declaration_list"}
    ),
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
    bindings=frozenset({"template_declaration"}),
    error_handling="try and catch, and throw",
)
