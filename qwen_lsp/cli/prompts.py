"""`prompts`: the versioned templates."""

import argparse
from pathlib import Path

from qwen_lsp.cli.output import ExitCode, print_result
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.text import unified_diff


def _templates(arguments: argparse.Namespace) -> Templates:
    return Templates(Path(arguments.dir) if arguments.dir else None)


def run_list(arguments: argparse.Namespace) -> int:
    """Print every version of every template."""
    templates = _templates(arguments)
    rows = [
        {
            "id": each.id,
            "version": each.version,
            "title": each.title,
            "hash": each.hash,
            "current": templates.current(each.id) is each,
        }
        for each in templates.all()
    ]
    lines = [
        f"{'*' if row['current'] else ' '} {each.name}  {each.hash}  {each.title}"
        for row, each in zip(rows, templates.all(), strict=True)
    ]
    text = "\n".join([*lines, *templates.problems])
    print_result(text, {"prompts": rows, "problems": templates.problems}, as_json=arguments.json)
    return ExitCode.DONE


def run_show(arguments: argparse.Namespace) -> int:
    """Print one template."""
    template = _templates(arguments).find(arguments.name)
    data = {"id": template.id, "version": template.version, "hash": template.hash}
    print_result(template.text, data | {"text": template.text}, as_json=arguments.json)
    return ExitCode.DONE


def run_diff(arguments: argparse.Namespace) -> int:
    """Print what differs between two templates."""
    templates = _templates(arguments)
    old, new = templates.find(arguments.old), templates.find(arguments.new)
    diff = unified_diff(f"prompts/{new.id}.md", old.text, new.text)
    print_result(diff, {"diff": diff}, as_json=arguments.json)
    return ExitCode.FINDINGS if diff else ExitCode.DONE
