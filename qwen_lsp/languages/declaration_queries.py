"""Where declarations stand in the syntax of each language: one tree-sitter query a language.

The names of the captures are the same everywhere: `class` is a type with a name, `scope` a place
whose content belongs to a type declared elsewhere (an `impl` in Rust), `function` a function or
method, `value` a variable or field, `member` a field declared inside a method, `import` an import.
"""

_ECMASCRIPT = """
(class_declaration) @class
(class_body (method_definition) @function)
[(function_declaration) (generator_function_declaration)] @function
(program [(lexical_declaration (variable_declarator) @value)
          (variable_declaration (variable_declarator) @value)])
(export_statement [(lexical_declaration (variable_declarator) @value)
                   (variable_declaration (variable_declarator) @value)])
(program (expression_statement (assignment_expression left: (member_expression)) @value))
(assignment_expression left: (member_expression object: (this))) @member
(import_statement) @import
(export_statement source: (string)) @import
"""

_TYPESCRIPT = (
    _ECMASCRIPT
    + """
[(abstract_class_declaration) (interface_declaration) (enum_declaration)
 (type_alias_declaration)] @class
[(function_signature) (method_signature) (abstract_method_signature)] @function
[(public_field_definition) (property_signature) (enum_assignment)] @value
(enum_body (property_identifier) @value)
(required_parameter (accessibility_modifier)) @member
(ambient_declaration (lexical_declaration (variable_declarator) @value))
(internal_module (statement_block (lexical_declaration (variable_declarator) @value)))
"""
)

_C = """
[(struct_specifier body: (_)) (union_specifier body: (_)) (enum_specifier body: (_))
 (type_definition)] @class
[(function_definition) (preproc_function_def)] @function
[(field_declaration) (enumerator) (preproc_def)] @value
(translation_unit (declaration) @value)
[(preproc_ifdef (declaration) @value) (preproc_if (declaration) @value)
 (preproc_else (declaration) @value)]
(preproc_include) @import
"""

QUERIES: dict[str, str] = {
    "python": """
(class_definition) @class
(function_definition) @function
(assignment) @value
(type_alias_statement) @value
[(import_statement) (import_from_statement)] @import
""",
    "javascript": _ECMASCRIPT + "(class_body (field_definition) @value)",
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT,
    "go": """
[(type_spec) (type_alias)] @class
[(function_declaration) (method_declaration) (method_elem)] @function
[(const_spec) (var_spec) (field_declaration)] @value
(import_spec) @import
""",
    "rust": """
[(struct_item) (enum_item) (union_item) (trait_item) (type_item)] @class
(impl_item) @scope
[(function_item) (function_signature_item)] @function
[(field_declaration) (enum_variant) (const_item) (static_item)] @value
(use_declaration) @import
""",
    "java": """
[(class_declaration) (interface_declaration) (enum_declaration) (record_declaration)
 (annotation_type_declaration)] @class
[(method_declaration) (constructor_declaration)] @function
[(field_declaration) (constant_declaration) (enum_constant)] @value
(record_declaration parameters: (formal_parameters (formal_parameter) @value))
(import_declaration) @import
""",
    "c": _C,
    "cpp": _C
    + """
[(class_specifier body: (_)) (alias_declaration)] @class
(declaration_list (declaration) @value)
(field_declaration_list (declaration) @value)
""",
    "csharp": """
[(class_declaration) (struct_declaration) (interface_declaration) (record_declaration)
 (enum_declaration) (delegate_declaration)] @class
[(method_declaration) (constructor_declaration)] @function
[(property_declaration) (field_declaration) (enum_member_declaration)] @value
(record_declaration (parameter_list (parameter) @value))
(using_directive) @import
""",
    "ruby": """
[(class) (module)] @class
[(method) (singleton_method)] @function
(assignment left: (constant)) @value
(assignment left: (instance_variable)) @member
(call method: (identifier) @_accessor arguments: (argument_list (simple_symbol) @value)
 (#any-of? @_accessor "attr_reader" "attr_accessor" "attr_writer"))
(call method: (identifier) @_require (#any-of? @_require "require" "require_relative")) @import
""",
    "php": """
[(class_declaration) (interface_declaration) (trait_declaration) (enum_declaration)] @class
[(function_definition) (method_declaration)] @function
[(property_declaration) (const_element) (enum_case)] @value
(property_promotion_parameter) @member
[(namespace_use_declaration) (include_expression) (include_once_expression)
 (require_expression) (require_once_expression)] @import
""",
    "lua": """
(function_declaration) @function
(chunk [(variable_declaration (assignment_statement)) (assignment_statement)] @value)
""",
    "shellscript": """
(function_definition) @function
(variable_assignment) @value
(command name: (command_name) @_source (#any-of? @_source "source" ".")) @import
""",
}
"""By the identifier of the language."""
