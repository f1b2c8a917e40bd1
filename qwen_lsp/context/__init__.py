"""What the model is shown: the code around a place, within a budget of tokens.

Everything is ordered from what changes least to what changes most, so that the engine can keep
what it has read while the user types.
"""
