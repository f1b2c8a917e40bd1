import json
import re
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.languages import LANGUAGES
from qwen_lsp.reference import PAGES, VSCODE_MANIFEST, printed, vscode_manifest
from qwen_lsp.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == printed(name), f"docs/{name} is out of date: run `make docs`."


def test_every_page_that_says_it_is_printed_is() -> None:
    pages = {path.name for path in DOCS.glob("*.md") if "make docs" in path.read_text("utf-8")}
    assert pages == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_rows_of_a_table_are_as_long_as_its_heading(name: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", printed(name), re.MULTILINE):
        rows = table.splitlines()
        assert len(rows) > 2
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_the_extension_of_vscode_has_the_settings_of_the_code() -> None:
    written = (ROOT / VSCODE_MANIFEST).read_text(encoding="utf-8")
    assert written == vscode_manifest(written), "the manifest is out of date: run `make docs`."


def test_the_defaults_in_the_extension_are_good_values() -> None:
    manifest = json.loads((ROOT / VSCODE_MANIFEST).read_text(encoding="utf-8"))
    section: dict[str, Any] = {}
    for key, schema in manifest["contributes"]["configuration"][1]["properties"].items():
        *parents, name = key.split(".")[1:]
        table = section
        for parent in parents:
            table = table.setdefault(parent, {})
        table[name] = schema["default"]
    assert read_settings(section) == (Settings(), [])


def test_the_extension_starts_for_the_languages_that_are_read() -> None:
    manifest = json.loads((ROOT / VSCODE_MANIFEST).read_text(encoding="utf-8"))
    # `bash` and `sh` are other editors' names of VS Code's `shellscript`.
    ids = {each for language in LANGUAGES for each in language.lsp_ids} - {"bash", "sh"}
    assert set(manifest["activationEvents"]) == {f"onLanguage:{each}" for each in ids}
    listed = (ROOT / "editors/vscode/src/languages.ts").read_text(encoding="utf-8")
    assert set(re.findall(r"^  '(\w+)',$", listed, re.MULTILINE)) == ids
