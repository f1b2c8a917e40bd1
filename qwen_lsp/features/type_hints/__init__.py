"""Types for missing annotations: what the syntax of a file says, and what the model may write.

A type is a text in the newest style, such as `dict[str, int] | None`. A `?` in it stands for a part
that is not known, and a `?` alone for nothing known at all.
"""
