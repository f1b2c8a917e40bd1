"""What the JavaScript and TypeScript grammars have in common."""

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
CONTAINERS = {"class": "class", "class_declaration": "class"}
IMPORTS = frozenset({"import_statement"})
IMPORT_CALLS = frozenset({"require"})
COMMENTS = frozenset({"comment"})
STRINGS = frozenset({"string", "template_string"})
BLOCKS = frozenset({"class_body", "statement_block", "switch_body"})
INTERPOLATIONS = frozenset({"template_substitution"})
BINDINGS = frozenset(
    {
        "assignment_expression",
        "expression_statement",
        "field_definition",
        "lexical_declaration",
        "pair",
        "public_field_definition",
        "variable_declaration",
        "variable_declarator",
    }
)
WRAPPERS = frozenset({"export_statement"})
ATTRIBUTES = frozenset({"decorator"})
ERROR_HANDLING = "try and catch, and throw new Error"
