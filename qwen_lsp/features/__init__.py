"""What the program does for its user, in terms of documents, offsets and edits.

`complete` is ghost text, `actions` are the refactorings, `review` finds bugs. None of them knows
LSP; each takes an immutable document and the model to ask.
"""
