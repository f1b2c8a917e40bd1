"""A folder cannot vouch for itself: what it may set, by its files and in VS Code."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.server.app import create_server
from qwen_lsp.settings import SettingRow, Settings, read_settings, setting_rows, workspace_table
from tests.harness.lsp_client import connect
from tests.server.given_engine import GivenEngine, session_options

MANIFEST = Path(__file__).parents[2] / "editors" / "vscode" / "package.json"
# Texts that are no path, address, key, program or folder: names of languages, files to leave out.
PLAIN_TEXTS = {"inlineCompletion.languages", "review.language", "context.exclude"}
# They decide about what is run, downloaded or sent, and are no texts.
DECIDING = {"backend", "modelPull", "review.runExamples", "checks.workspaceTools"}
KEPT = [row for row in setting_rows() if not row.workspace]


def takes_text(row: SettingRow) -> bool:
    """Say whether any text can be given for a setting."""
    schema = row.schema
    return (schema["type"] == "string" and "enum" not in schema) or schema["type"] == "array"


def another_value(row: SettingRow) -> Any:
    """Return a good value for a setting that is not its default."""
    match row.schema:
        case {"enum": choices}:
            return next(one for one in choices if one != row.default)
        case {"type": "boolean"}:
            return not row.default
        case {"type": "array"}:
            return ["evil.gguf"]
        case _:
            return "evil"


def table_of(rows: list[SettingRow]) -> dict[str, Any]:
    """Return what a file says that sets them all."""
    table: dict[str, Any] = {}
    for row in rows:
        *above, name = row.key.split(".")
        place = table
        for part in above:
            place = place.setdefault(part, {})
        place[name] = another_value(row)
    return table


def test_no_setting_that_can_name_a_place_a_program_or_a_key_is_the_workspaces() -> None:
    texts = {row.key for row in setting_rows() if takes_text(row)}
    assert texts > PLAIN_TEXTS
    assert (texts - PLAIN_TEXTS) | DECIDING == {row.key for row in KEPT}


@pytest.mark.parametrize("name", ["qwen-lsp.toml", "pyproject.toml"])
async def test_a_workspace_that_sets_them_changes_nothing(tmp_path: Path, name: str) -> None:
    head = "tool.qwen-lsp." if name == "pyproject.toml" else ""
    table = table_of(KEPT)
    lines = [f"[{head.rstrip('.')}]"] if head else []
    lines += [f"{key} = {json.dumps(v)}" for key, v in table.items() if not isinstance(v, dict)]
    for key, branch in table.items():
        if isinstance(branch, dict):
            lines.append(f"[{head}{key}]")
            lines += [f"{one} = {json.dumps(v)}" for one, v in branch.items()]
    (tmp_path / name).write_text("\n".join(lines))
    assert workspace_table(tmp_path) == (table, [])
    settings, problems = read_settings({}, table)
    assert settings == Settings()
    assert len(problems) == len(KEPT)
    # The same from an editor is taken, so the values are good ones.
    assert read_settings(table)[1] == []
    server, session = create_server(**session_options(GivenEngine()))
    async with connect(server, workspace=tmp_path) as client:
        client.ignored |= {"window/showMessage"}
        await client.wait_for("window/showMessage")
        assert session.settings == Settings()


def test_vs_code_takes_them_from_no_workspace_either() -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    properties: dict[str, Any] = {}
    for block in manifest["contributes"]["configuration"]:
        properties |= block["properties"]
    kept = {f"qwenLsp.{row.key}" for row in KEPT}
    own = {"qwenLsp.server.path", "qwenLsp.server.python"}
    scopes = {key: properties[key]["scope"] for key in kept | own}
    assert scopes == dict.fromkeys(kept | own, "machine")


def test_vs_code_restricts_folders_that_are_not_trusted() -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    untrusted = manifest["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    assert {"qwenLsp.server.path", "qwenLsp.server.python", "qwenLsp.preview"} <= set(
        untrusted["restrictedConfigurations"]
    )
    # What the user has set for trusted folders counts for nothing there either.
    sources = MANIFEST.parent / "src"
    section = (sources / "section.ts").read_text(encoding="utf-8")
    (kept_off,) = re.findall(r"const UNTRUSTED: SetValue\[\] = \[(.*?)\];", section, re.DOTALL)
    assert re.findall(r"\{ key: '(.*?)', value: (.*?) \}", kept_off) == [
        ("checks.workspaceTools", "'off'"),
        ("review.runExamples", "false"),
    ]
    assert "[...settings, ...(isTrusted ? [] : UNTRUSTED)]" in section
    configuration = (sources / "configuration.ts").read_text(encoding="utf-8")
    assert "return section(set, vscode.workspace.isTrusted);" in configuration
