"""Python."""

from qwen_lsp.languages.base import Language, grammar_of

PYTHON = Language(
    id="python",
    title="Python",
    lsp_ids=frozenset({"python"}),
    extensions=frozenset({".py", ".pyi", ".pyw"}),
    fence="python",
    grammar=grammar_of("tree_sitter_python"),
    functions=frozenset({"function_definition"}),
    containers={"class_definition": "class"},
    imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"string"}),
    blocks=frozenset({"block"}),
    line_comment="#",
    block_style="indent",
    doc_style="docstring",
    doc_prefix='"""',
    interpolations=frozenset({"interpolation"}),
    wrappers=frozenset({"decorated_definition"}),
    type_hints=True,
    scoping="python",
    annotated={
        "assignment": "assignment",
        "function_definition": "function_definition",
        "typed_default_parameter": "default_parameter",
        "typed_parameter": "",
    },
    error_handling="try and except with the kinds of exceptions that can occur, and raise",
)
