"""The engine: a prompt goes in, a generation comes out.

The model lives in a process of its own (`process`), found and started by `client`; the two speak
the messages of `messages` over a `channel`. Inside the process one `scheduler` steps the jobs of
one backend. Nothing here knows LSP, syntax or prompts' wording.
"""
