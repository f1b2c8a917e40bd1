"""Qwen through llama.cpp, by llama-cpp-python's low-level calls.

This room owns the context itself, since the high-level `Llama` reads the whole prompt again on
hybrid models and builds broken infill prompts. From below: `weights.py` has the model and its
vocabulary, `context.py` the sequences and the decoding, `checkpoints.py` what has been read and can
be gone on from, `generation.py` one request on its way, `backend.py` one model call for several.
Misuse of the C calls ends the process, which is why all of this runs in a process of its own.

Sources: llama.cpp's include/llama.h for every call, and the measured facts in docs/engine.md.
"""

from qwen_lsp.engine.backends.llama_cpp.backend import LlamaCppBackend

__all__ = ["LlamaCppBackend"]
