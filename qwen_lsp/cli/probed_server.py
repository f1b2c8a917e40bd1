"""The language server with one request more, by which a fuzzer sees what it takes texts for.

`fuzz/texts` is answered by the SHA-256 of each open document's text, by URI. It is no part of
`qwen-lsp serve`.
"""

import hashlib
import logging
import sys
from typing import Any

from qwen_lsp.server.app import create_server
from qwen_lsp.server.boundary import run_stdio


def main() -> int:
    """Serve one client over stdio; return the exit code."""
    logging.basicConfig(level=logging.WARNING)
    server, _session = create_server()

    @server.feature("fuzz/texts")
    def _(_params: Any) -> dict[str, str]:
        return {
            document.uri: hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
            for document in server.documents.all()
        }

    return run_stdio(server)


if __name__ == "__main__":
    sys.exit(main())
