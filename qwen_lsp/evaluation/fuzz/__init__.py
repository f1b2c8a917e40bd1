"""Fuzzing the language server as an editor would meet it: a process, its stdin and its stdout.

    python -m qwen_lsp.evaluation.fuzz --messages 100000 --edits 20000 --seed 1

The server is the real one with the real engine, on a tiny model of random weights; it tells its
texts by one request more (`qwen_lsp.cli.probed_server`). Whatever is sent, four things must hold:
the process lives, each request is answered exactly once and in time, the texts are the same on
both sides, and afterwards a normal request works. The rest of the room, from the bottom: `texts`
and `edits` are the client's documents, `nonsense` breaks messages, `requests` makes good ones,
`connection` keeps the books, `session` is one life of a server.
"""
