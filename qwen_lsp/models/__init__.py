"""The models: what can be had, where it lies, how it is fetched, and what fits this machine.

Nothing here loads a model; that is the engine's work.
"""
