"""What goes wrong with models, each said in one sentence that tells the user what to do."""


class ModelError(Exception):
    """A model cannot be had, found or used. The text is one sentence for the user."""


class PullCancelledError(ModelError):
    """The user stopped a download. What arrived is kept for the next pull."""


class SourceError(ModelError):
    """One source of a model failed; the next source may still have it."""
