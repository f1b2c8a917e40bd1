"""The words of the command line, and which function each subcommand calls."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from qwen_lsp import __version__
from qwen_lsp.cli import lazily
from qwen_lsp.cli.output import ExitCode, UsageError, say

_ACTIONS_HELP = (
    "add_type_hints, add_type_hints_in_selection, add_type_hints_in_file, add_docstring, simplify, "
    "error_handling, custom, generate_tests, extract_function, inline_function, fix_diagnostic"
)
_MODEL_HELP = 'a model of the catalogue, a path to a .gguf file, or "auto"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Windows writes in the console's code page otherwise, fails on what that lacks, and gives
        # the lines of a diff other ends than those of the file.
        stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # a TextIOWrapper here
    parsed = _parser().parse_args(arguments)
    if parsed.command == "serve":
        return _serve(parsed)
    return _run(parsed)


def _run(parsed: argparse.Namespace) -> int:
    from qwen_lsp.engine.requests import EngineError, EngineUnavailableError
    from qwen_lsp.features.actions.base import RefusalError
    from qwen_lsp.models.errors import ModelError
    from qwen_lsp.prompting.templates import TemplateFileError

    try:
        code = int(parsed.run(parsed))
        sys.stdout.flush()
    except (UsageError, TemplateFileError) as error:
        say(f"qwen-lsp: {error}")
        return ExitCode.USAGE
    except RefusalError as error:
        say(f"qwen-lsp: {error}")
        return ExitCode.FINDINGS
    except (ModelError, EngineUnavailableError) as error:
        say(f"qwen-lsp: {error}")
        return ExitCode.NO_MODEL
    except EngineError as error:
        say(f"qwen-lsp: {error}")
        return ExitCode.FINDINGS
    except KeyboardInterrupt:
        say("qwen-lsp: stopped.")
        return 130
    except BrokenPipeError:
        # The reader of our output, such as `head`, has had enough; what is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except OSError as error:
        say(f"qwen-lsp: {error}.")
        return ExitCode.USAGE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwen-lsp",
        description="Code help that runs on your own machine: a language server around a local "
        "Qwen model. Editors start `qwen-lsp serve`; everything else is for the shell.",
        epilog="Exit codes: 0 done, 1 done with findings or a failed check, 2 usage, "
        "3 the model or the engine could not be had.",
    )
    parser.add_argument("--version", action="version", version=f"qwen-lsp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_work(commands)
    _add_models(commands)
    _add_prompts(commands)
    _add_suites(commands)
    _add_care(commands)
    return parser


_Commands = argparse._SubParsersAction  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - argparse gives this type no public name


def _command(
    commands: "_Commands[argparse.ArgumentParser]", name: str, help_text: str
) -> argparse.ArgumentParser:
    description = help_text[0].upper() + help_text[1:] + "."
    parser = commands.add_parser(name, help=help_text, description=description)
    if name not in ("serve", "demo"):
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_model_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help=f"{_MODEL_HELP}; with --endpoint the server's name of it")
    command.add_argument(
        "--endpoint", metavar="URL", help="a server that speaks OpenAI's protocol, asked instead"
    )
    command.add_argument(
        "--api-key-env", metavar="NAME", help="the environment variable with the server's API key"
    )


def _add_work(commands: "_Commands[argparse.ArgumentParser]") -> None:
    serve = _command(commands, "serve", "run the language server on stdin and stdout")
    serve.add_argument("--log-level", default="warning", choices=["debug", "info", "warning"])

    demo = _command(commands, "demo", "show the language server at work on a small shop")
    demo.add_argument("--model", default="qwen2.5-coder-0.5b", help=_MODEL_HELP)
    demo.set_defaults(run=lazily("demo", "run_demo"))

    complete = _command(commands, "complete", "print one inline completion")
    complete.add_argument("place", metavar="FILE:LINE:COL", help="1-based; COL in characters")
    _add_model_options(complete)
    complete.set_defaults(run=lazily("work", "run_complete"))

    action = _command(commands, "action", "print the edit of a refactoring as a unified diff")
    action.add_argument(
        "action",
        metavar="ACTION",
        help=_ACTIONS_HELP,
    )
    action.add_argument(
        "place",
        metavar="FILE:LINE[:COL]",
        help="a line of the function, a call, or where a selection begins",
    )
    action.add_argument(
        "--to",
        metavar="LINE[:COL]",
        help="where the selection ends, the line's end without COL: extract_function needs one",
    )
    action.add_argument("--instruction", metavar="TEXT", help="what custom should do")
    action.add_argument("--write", action="store_true", help="apply the edit, or make the file")
    _add_model_options(action)
    action.set_defaults(run=lazily("work", "run_action"))

    explain = _command(commands, "explain", "say in words what a function does")
    explain.add_argument("place", metavar="FILE:LINE[:COL]", help="a line of the function")
    _add_model_options(explain)
    explain.set_defaults(run=lazily("work", "run_explain"))

    review = _command(commands, "review", "print what may be wrong, one finding a line")
    review.add_argument("place", metavar="PATH[:LINE]", help="a file, a function's line, a folder")
    review.add_argument("--sarif", action="store_true", help="print a SARIF 2.1.0 log")
    review.add_argument(
        "--fail-on",
        default="warning",
        choices=["hint", "information", "warning", "error"],
        help="exit with 1 for a finding of this severity or above (default: warning)",
    )
    _add_model_options(review)
    review.set_defaults(run=lazily("work", "run_review"))


def _add_models(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("models", help="the catalogue, and the files on this machine")
    models = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(models, "list", "print the catalogue").set_defaults(run=lazily("models", "run_list"))
    for name, help_text in (
        ("pull", "download a model and check its SHA-256"),
        ("path", "print where a model's file lies"),
        ("verify", "read a model's file and check its SHA-256"),
        ("remove", "delete a model's file"),
    ):
        command = _command(models, name, help_text)
        command.add_argument("id", metavar="ID", help="see `qwen-lsp models list`")
        command.set_defaults(run=lazily("models", f"run_{name}"))
    recommend = _command(models, "recommend", "say which model suits this machine, and why")
    recommend.set_defaults(run=lazily("models", "run_recommend"))


def _add_prompts(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("prompts", help="the versioned templates")
    prompts = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = _command(prompts, "list", "print every version of every template")
    listing.set_defaults(run=lazily("prompts", "run_list"))
    show = _command(prompts, "show", "print one template")
    show.add_argument("name", metavar="ID[@V]")
    show.set_defaults(run=lazily("prompts", "run_show"))
    diff = _command(prompts, "diff", "print what differs between two templates")
    diff.add_argument("old", metavar="ID@V")
    diff.add_argument("new", metavar="ID@W")
    diff.set_defaults(run=lazily("prompts", "run_diff"))
    for command in (listing, show, diff):
        command.add_argument("--dir", help="a folder with templates of your own")


def _add_suites(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "eval",
        help="score what the model suggests, by cases with a known answer",
        description="Score what the model suggests, by cases with a known answer. Two variants or "
        "more are compared on the same cases. docs/evaluation.md describes the data and figures.",
    )
    suites = parser.add_subparsers(required=True, metavar="SUITE")
    infill = _command(suites, "infill", "fill holes in programs, and run what comes out")
    infill.description = (
        "Fill holes in programs, and score how many programs pass their tests. The programs are "
        "run, in processes with limits on time and memory but with no wall around them."
    )
    crossfile = _command(suites, "crossfile", "complete names that other files define")
    edits = _command(suites, "edits", "change functions by an action, and run what comes out")
    edits.description = (
        "Change functions by an action, and score how many programs pass their tests afterwards. "
        "The programs are run, in processes with limits on time and memory but with no wall "
        "around them."
    )
    types = _command(suites, "types", "write annotations that were taken out of functions")
    for command in (infill, crossfile, edits, types):
        _add_measuring(command)
    for command in (infill, crossfile):
        _add_context(command)
    edits.add_argument("--action", default="custom", help="the action to measure (default: custom)")
    edits.add_argument(
        "--baseline",
        choices=["rewrite"],
        help="measure the plain model, too: it is told the same and writes the whole file",
    )
    infill.add_argument(
        "--order",
        action="append",
        metavar="NAME",
        help="ask in this order of prefix, suffix and middle; once more for each to compare "
        "(product: as ghost text asks; psm: the usual one; an unknown name lists all)",
    )
    infill.add_argument(
        "--baseline",
        action="append",
        nargs="?",
        const="psm",
        choices=["psm", "same"],
        help="measure the bare model, too: greedy, without stops and tidying; with prefix and "
        "suffix as the data has them (psm), or the very prompt of the first variant (same)",
    )
    infill.add_argument(
        "--hole",
        choices=["cursor", "begun", "raw"],
        default="cursor",
        help="where the cursor stands: behind the indentation (cursor, the default), in every "
        "other case behind a third of the line (begun), or where the data has the hole (raw)",
    )
    infill.add_argument("--raw", action="store_const", const="raw", dest="hole", help="--hole raw")
    infill.add_argument(
        "--begun", action="store_const", const="begun", dest="hole", help="--hole begun"
    )
    infill.add_argument(
        "--showable",
        action="store_true",
        help="only cases whose right answer the filters of ghost text let through",
    )
    infill.set_defaults(run=lazily("evaluate", "run_infill"))
    types.add_argument(
        "--baseline",
        choices=["rewrite"],
        help="measure the same model, too, asked to write the whole function again (rewrite)",
    )
    types.set_defaults(run=lazily("evaluate", "run_types"))
    crossfile.set_defaults(run=lazily("evaluate", "run_crossfile"))
    edits.set_defaults(run=lazily("evaluate", "run_edits"))
    review = _command(suites, "review", "find the bug, and nothing where there is none")
    review.description = (
        "Review files with a bug and the same files without it. The score is the share of bugs "
        "that the first finding points at, less the share of right files with any finding."
    )
    _add_measuring(review)
    review.add_argument(
        "--baseline",
        action="append",
        nargs="?",
        const="plain",
        choices=["plain"],
        help="measure the same model asked plainly for findings as JSON, too",
    )
    review.set_defaults(run=lazily("evaluate", "run_review"))
    tidy = _command(suites, "tidy", "tidy raw completions, without a model")
    tidy.description = (
        "Tidy raw completions and compare what is left with what should be. No model is asked. "
        "It exits with 1 if a case of the tier core fails."
    )
    _add_data(tidy)
    tidy.set_defaults(run=lazily("evaluate", "run_tidy"))


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", nargs="+", required=True, metavar="FILE", help="cases, as JSON lines"
    )


def _add_measuring(command: argparse.ArgumentParser) -> None:
    _add_data(command)
    some = command.add_mutually_exclusive_group()
    some.add_argument(
        "--every",
        type=_number_between(1, 100_000),
        default=1,
        metavar="N",
        help="only each N-th case of each file",
    )
    some.add_argument(
        "--limit",
        type=_number_between(1, 100_000),
        metavar="N",
        help="at most N cases of each file, spread over it",
    )
    _add_model_options(command)
    command.add_argument(
        "--prompt",
        action="append",
        metavar="ID@V",
        help="ask with this template; once more for each to compare",
    )
    command.add_argument("--prompts-dir", metavar="DIR", help="a folder with templates of your own")
    command.add_argument("--html", metavar="FILE", help="write a page with plots, too")
    command.add_argument(
        "--resume",
        metavar="FILE",
        help="keep each result in FILE, and do not measure again what it has",
    )


def _add_context(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--context",
        action="append",
        choices=["on", "off"],
        help="with other files of the workspace or without; give both to compare",
    )
    command.add_argument(
        "--context-tokens",
        type=_number_between(128, 16384, or_zero=True),
        default=2048,
        metavar="N",
        help="most tokens of code in a prompt (default: 2048, so that figures do not depend on "
        "the speed of the machine; 0: as in the editor here, by context.maxTokens)",
    )


def _add_care(commands: "_Commands[argparse.ArgumentParser]") -> None:
    bench = _command(commands, "bench", "measure the speed of a model on this machine")
    _add_model_options(bench)
    bench.add_argument(
        "--editors",
        type=_number_between(1, 200),
        metavar="N",
        help="let N editors type at once, and measure nothing else",
    )
    bench.add_argument(
        "--context-tokens",
        type=_number_between(128, 16384),
        metavar="N",
        help="most tokens around the cursor in the typing trace (default: context.maxTokens)",
    )
    bench.add_argument("--peer", metavar="URL", help="type the same at this llama-server")
    bench.add_argument("--html", metavar="FILE", help="write the tables as a page, too")
    bench.add_argument(
        "--kills",
        type=_number_between(0, 10_000),
        default=0,
        metavar="N",
        help="kill the engine N times while typing, and stop all engines of this user at the end",
    )
    bench.set_defaults(run=lazily("bench", "run_bench"))
    doctor = _command(commands, "doctor", "say what is wrong, and what to do about it")
    doctor.set_defaults(run=lazily("doctor", "run_doctor"))
    parser = commands.add_parser("engine", help="the shared process that holds the model")
    engine = parser.add_subparsers(required=True, metavar="COMMAND")
    status = _command(engine, "status", "print what each running engine says of itself")
    status.set_defaults(run=lazily("engine", "run_status"))
    stop = _command(engine, "stop", "end all engines of this user")
    stop.set_defaults(run=lazily("engine", "run_stop"))


def _number_between(least: int, most: int, *, or_zero: bool = False) -> Callable[[str], int]:
    """Return what argparse reads a whole number with."""

    def number(word: str) -> int:
        is_number = word.isascii() and word.isdigit()
        if is_number and (least <= int(word) <= most or (or_zero and int(word) == 0)):
            return int(word)
        range_text = f"from {least} to {most}" + (", or 0" if or_zero else "")
        raise argparse.ArgumentTypeError(f"{word} is no whole number {range_text}")

    return number


def _serve(parsed: argparse.Namespace) -> int:
    import logging

    from qwen_lsp.engine import spawn

    spawn.prepare()  # before the imports of the server, which take as long as its own
    from qwen_lsp.server.app import serve

    logging.basicConfig(
        level=parsed.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s"
    )
    return serve()
