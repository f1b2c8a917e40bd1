"""The first bytes of a GGUF file, enough to tell a model from an error page or a cut-off copy."""

import struct
from pathlib import Path

from qwen_lsp.models.errors import ModelError

# llama.cpp reads these (ggml/src/gguf.cpp refuses version 1).
_GGUF_VERSIONS = (2, 3)


def check_gguf(path: Path) -> None:
    """Raise ModelError unless `path` begins as a GGUF file of a version that can be loaded."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise ModelError(f"{path} cannot be read ({reason}); check the path.") from error
    if len(start) < 8 or start[:4] != b"GGUF":
        raise ModelError(f"{path} is not a GGUF file; choose a file that llama.cpp can load.")
    (version,) = struct.unpack("<I", start[4:])
    if version not in _GGUF_VERSIONS:
        raise ModelError(f"{path} is GGUF of version {version}; versions 2 and 3 can be loaded.")
