"""What a workspace's reviews found, and which findings the user dismissed, in the cache folder.

A function is known by a hash of its code and of all that a review of it depends on, so an unchanged
one is not reviewed again, in another session neither, and a changed one is. Two servers of one
workspace share the file; the one that writes last wins, and what is lost is only reviewed again.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from qwen_lsp import __version__
from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review.by_examples import examples_of, surroundings_of
from qwen_lsp.features.review.finding import CATEGORIES, Finding
from qwen_lsp.folders import cache_folder
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Span

_log = logging.getLogger(__name__)

_MOST_FUNCTIONS = 2000
_MOST_DISMISSED = 2000
_PROMPTS = ("review/find", "review/explain", "complete")


class ReviewMemory:
    """The memory of one workspace. `path` is its file; read when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, list[dict[str, Any]]] | None = None
        self._dismissed: dict[str, None] = {}
        self._changed = False

    def recall(self, key: str, target: Target) -> list[Finding] | None:
        """Return what was found in a function, None where it is not known."""
        known = self._read().get(key)
        if known is None:
            return None
        try:
            return [_finding(entry, target) for entry in known]
        except (KeyError, TypeError, ValueError):
            return None  # the file was damaged

    def remember(self, key: str, target: Target, findings: Iterable[Finding]) -> None:
        """Keep what was found in a function; `save` writes it."""
        found = self._read()
        found.pop(key, None)
        found[key] = [_entry(finding, target) for finding in findings]
        for oldest in list(found)[:-_MOST_FUNCTIONS]:
            del found[oldest]
        self._changed = True

    def dismiss(self, code: str, function: str, quote: str) -> None:
        """Never show this finding again; writes the file."""
        self._read()
        self._dismissed[_hash(code, function, quote)] = None
        for oldest in list(self._dismissed)[:-_MOST_DISMISSED]:
            del self._dismissed[oldest]
        self._changed = True
        self.save()

    def forget_dismissed(self) -> None:
        """Show dismissed findings again; writes the file."""
        self._read()
        self._changed = bool(self._dismissed)
        self._dismissed.clear()
        self.save()

    def not_dismissed(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings that the user did not dismiss."""
        self._read()
        return [
            one
            for one in findings
            if _hash(one.code, one.function, one.quote) not in self._dismissed
        ]

    def save(self) -> None:
        """Write what has changed; a file that cannot be written is only logged."""
        if not self._changed:
            return
        text = json.dumps({"found": self._read(), "dismissed": list(self._dismissed)})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(self._path, text)
        except OSError as error:
            _log.warning("the review of this workspace cannot be kept: %s", error)
        self._changed = False

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        if self._found is None:
            kept = _kept(self._path)
            found, dismissed = kept.get("found"), kept.get("dismissed")
            self._found = (
                cast("dict[str, list[dict[str, Any]]]", found) if isinstance(found, dict) else {}
            )
            if isinstance(dismissed, list):
                self._dismissed = dict.fromkeys(map(str, cast("list[Any]", dismissed)))
        return self._found


def memory_of(folder: Path | None) -> ReviewMemory:
    """Return the memory of a workspace folder; files outside of any share one."""
    name = _hash(str(folder or ""))
    return ReviewMemory(cache_folder() / "review" / f"{name}.json")


def key_maker(
    model_name: str, templates: Templates, settings: ReviewSettings
) -> Callable[[Target], str]:
    """Return what makes the key of a function: a hash of all that its findings depend on."""
    prompts = [templates.current(name).hash for name in _PROMPTS]
    wanted = (settings.language, settings.min_severity, str(settings.run_examples))
    about = (__version__, model_name, *prompts, *wanted)

    def key(target: Target) -> str:
        surroundings = surroundings_of(target) if examples_of(target) else ""
        function = target.function
        code = target.document.slice(function.definition_span)
        where = (target.document.path, function.qualified_name, function.indent)
        return _hash(*about, *where, code, surroundings)

    return key


def model_name(model: LocalModel) -> str:
    """Return what tells a loaded model from others."""
    facts = model.engine.facts
    return f"{facts.name} {facts.parameters}" if facts is not None else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _write_whole(path: Path, text: str) -> None:
    """Put a file in the place of another, all of it or nothing; raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _kept(path: Path) -> dict[str, Any]:
    try:
        kept: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}


def _entry(finding: Finding, target: Target) -> dict[str, Any]:
    """Return a finding as plain data, with its place from the start of its function."""
    return {
        "code": finding.code,
        "message": finding.message,
        "start": finding.span.start - target.function.definition_span.start,
        "quote": finding.quote,
        "instead": finding.instead,
    }


def _finding(entry: dict[str, Any], target: Target) -> Finding:
    quote, code = str(entry["quote"]), str(entry["code"])
    start = target.function.definition_span.start + int(entry["start"])
    span = Span(start, start + len(quote))
    if target.document.slice(span) != quote:
        raise ValueError("the quoted code is not there")
    name = target.function.qualified_name
    message, instead = str(entry["message"]), str(entry["instead"])
    return Finding(code, CATEGORIES[code][0], message, span, quote, name, instead)
