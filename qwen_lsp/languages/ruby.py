"""Ruby."""

from qwen_lsp.languages.base import Language, grammar_of

RUBY = Language(
    id="ruby",
    title="Ruby",
    lsp_ids=frozenset({"ruby"}),
    extensions=frozenset({".rb", ".rake", ".gemspec"}),
    fence="ruby",
    grammar=grammar_of("tree_sitter_ruby"),
    functions=frozenset({"method", "singleton_method"}),
    containers={"class": "class", "module": "module", "singleton_class": "class"},
    imports=frozenset(),
    import_calls=frozenset({"load", "require", "require_relative"}),
    comments=frozenset({"comment"}),
    strings=frozenset({"character", "heredoc_body", "string", "subshell"}),
    blocks=frozenset({"block_body", "body_statement", "do", "else", "then"}),
    line_comment="#",
    block_comment=("=begin", "=end"),
    block_style="end",
    doc_style="line",
    doc_prefix="#",
    interpolations=frozenset({"interpolation"}),
    error_handling="rescue with the kinds of exceptions that can occur, and raise",
)
