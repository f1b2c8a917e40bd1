"""The only rooms that know LSP: positions, documents, requests and the wire."""
