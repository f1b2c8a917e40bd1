"""The examples in a function's documentation: found, and run where that is without danger.

`f(2) == 4` in a docstring says what the function is meant to do, and running it says whether it
does. Only Python is run, only code that cannot reach anything outside itself (`permitted.py`), and
only in a process of its own with limits (`running.py`).
"""

from qwen_lsp.features.examples.documented import Example, documented_examples
from qwen_lsp.features.examples.permitted import is_permitted_function, permitted_surroundings
from qwen_lsp.features.examples.running import Outcome, run_versions
from qwen_lsp.features.examples.small_changes import small_changes

__all__ = [
    "Example",
    "Outcome",
    "documented_examples",
    "is_permitted_function",
    "permitted_surroundings",
    "run_versions",
    "small_changes",
]
