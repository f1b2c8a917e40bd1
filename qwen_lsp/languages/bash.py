"""Bash and other shells close to it. The protocol calls the language shellscript."""

from qwen_lsp.languages.base import Language, grammar_of

BASH = Language(
    id="shellscript",
    title="Bash",
    lsp_ids=frozenset({"bash", "sh", "shellscript"}),
    extensions=frozenset({".bash", ".sh"}),
    fence="bash",
    grammar=grammar_of("tree_sitter_bash"),
    functions=frozenset({"function_definition"}),
    containers={},
    imports=frozenset(),
    import_calls=frozenset({".", "source"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"ansi_c_string", "heredoc_body", "raw_string", "string"}),
    blocks=frozenset({"compound_statement", "do_group", "subshell"}),
    line_comment="#",
    block_style="braces",
    doc_style="line",
    doc_prefix="#",
    interpolations=frozenset({"command_substitution", "expansion", "simple_expansion"}),
)
