"""TypeScript and TSX: two grammars of one wheel, because `<T>x` means something else in TSX."""

from dataclasses import replace

from qwen_lsp.languages import _ecmascript as ecmascript
from qwen_lsp.languages.base import Language, grammar_of

_FUNCTIONS = ecmascript.FUNCTIONS | {
    "abstract_method_signature",
    "function_signature",
    "method_signature",
}
_ANNOTATED = _FUNCTIONS | {
    "optional_parameter",
    "public_field_definition",
    "required_parameter",
    "variable_declarator",
}

TYPESCRIPT = Language(
    id="typescript",
    title="TypeScript",
    lsp_ids=frozenset({"typescript"}),
    extensions=frozenset({".ts", ".mts", ".cts"}),
    fence="typescript",
    grammar=grammar_of("tree_sitter_typescript", "language_typescript"),
    functions=_FUNCTIONS,
    containers={
        **ecmascript.CONTAINERS,
        "abstract_class_declaration": "class",
        "enum_declaration": "enum",
        "interface_declaration": "interface",
        "internal_module": "namespace",
        "module": "module",
    },
    imports=ecmascript.IMPORTS,
    import_calls=ecmascript.IMPORT_CALLS,
    comments=ecmascript.COMMENTS,
    strings=ecmascript.STRINGS,
    blocks=ecmascript.BLOCKS | {"enum_body", "interface_body"},
    line_comment="//",
    block_comment=("/*", "*/"),
    block_style="braces",
    doc_style="jsdoc",
    doc_prefix="/**",
    interpolations=ecmascript.INTERPOLATIONS,
    bindings=ecmascript.BINDINGS - {"field_definition"},
    wrappers=ecmascript.WRAPPERS | {"ambient_declaration"},
    attributes=ecmascript.ATTRIBUTES,
    type_hints=True,
    scoping="ecmascript",
    annotated={node: node for node in _ANNOTATED},
    error_handling=ecmascript.ERROR_HANDLING,
)

TSX = replace(
    TYPESCRIPT,
    id="typescriptreact",
    title="TypeScript with JSX",
    lsp_ids=frozenset({"typescriptreact"}),
    extensions=frozenset({".tsx"}),
    fence="tsx",
    grammar=grammar_of("tree_sitter_typescript", "language_tsx"),
)
