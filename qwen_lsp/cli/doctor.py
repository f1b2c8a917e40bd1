"""`doctor`: what this machine has, what is missing, and what to do about it."""

import argparse
import os
import platform
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.markup import escape

from qwen_lsp import __version__
from qwen_lsp.cli.output import ExitCode, print_result
from qwen_lsp.engine.address import running_engines
from qwen_lsp.engine.build_info import BuildInfo, build_info
from qwen_lsp.engine.pace import default_threads, draft_gain, fitting_context_tokens
from qwen_lsp.engine.speed import known_speed
from qwen_lsp.features.launch import engine_options, find_weights, recommendation
from qwen_lsp.folders import cache_folder, engine_folder, log_folder, models_folder
from qwen_lsp.languages import LANGUAGES, parse
from qwen_lsp.models import catalogue, files
from qwen_lsp.models.download import gigabytes
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.hardware import Hardware, detect
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

_EDITORS = ("code", "codium", "nvim", "hx", "emacs", "zed", "subl", "kak")


@dataclass(frozen=True)
class Result:
    """One thing that was looked at. `todo` is empty where all is well."""

    topic: str
    good: bool
    found: str
    todo: str = ""


def run_doctor(arguments: argparse.Namespace) -> int:
    """Look at everything; 1 where something must be done before qwen-lsp can work."""
    results = list(examine())
    healthy = all(result.good for result in results)
    if arguments.json:
        rows = [asdict(result) for result in results]
        print_result("", {"healthy": healthy, "results": rows}, as_json=True)
    else:
        console = Console(highlight=False)
        for result in results:
            mark = "[green]ok  [/green]" if result.good else "[red]todo[/red]"
            console.print(f"{mark} [bold]{result.topic}[/bold]: {escape(result.found)}")
            if result.todo:
                console.print(f"     {escape(result.todo)}")
    return ExitCode.DONE if healthy else ExitCode.FINDINGS


def examine() -> Iterator[Result]:
    """Yield what was found, one topic after the other; a check that fails is a result too."""
    build = build_info()
    hardware = detect()
    checks: tuple[Callable[[], Result], ...] = (
        _python,
        lambda: _llama_cpp(build, hardware),
        lambda: _memory(hardware),
        lambda: _gpu(build, hardware),
        _model,
        _speed,
        _model_files,
        _engine,
        _grammars,
        _prompts,
        _disk,
        _editors,
    )
    for check in checks:
        yield check()


def _python() -> Result:
    found = f"{platform.python_version()} on {platform.platform()}, qwen-lsp {__version__}"
    return Result("Python", sys.version_info >= (3, 11), found)


def _llama_cpp(build: BuildInfo, hardware: Hardware) -> Result:
    if build.problem:
        todo = "Install it again: docs/install.md has the commands for CPU, CUDA, Metal and Vulkan."
        return Result("llama.cpp", good=False, found=build.problem, todo=todo)
    features = ", ".join(re.findall(r"(\w+) = 1", build.features))
    found = f"llama-cpp-python {build.version}, built with {features}"
    threads = f"{default_threads()} of {hardware.cores} cores will be used"
    return Result("llama.cpp", good=True, found=f"{found}; {threads}")


def _memory(hardware: Hardware) -> Result:
    memory = psutil.virtual_memory()
    found = f"{gigabytes(memory.available)} of {gigabytes(memory.total)} free, {hardware.cpu}"
    smallest = min(card.ram_bytes for card in catalogue.all_cards())
    good = memory.available >= smallest or bool(running_engines())
    todo = "" if good else f"The smallest model needs {gigabytes(smallest)}; close other programs."
    return Result("Memory", good, found, todo)


def _gpu(build: BuildInfo, hardware: Hardware) -> Result:
    if not hardware.gpus:
        return Result("GPU", good=True, found="none was found; the model runs on the CPU")
    names = ", ".join(
        f"{gpu.name} ({gigabytes(gpu.free_bytes)} of {gigabytes(gpu.total_bytes)} free)"
        for gpu in hardware.gpus
    )
    if build.gpu_offload:
        return Result("GPU", good=True, found=names)
    found = f"{names}, but this llama.cpp was built for the CPU alone"
    todo = "A build for your GPU is several times faster: docs/install.md has the commands."
    return Result("GPU", good=True, found=found, todo=todo)


def _model() -> Result:
    try:
        found = recommendation(join_running=False)
    except ModelError as error:
        return Result("Model", good=False, found=str(error))
    todo = "" if found.downloaded else f"Get it: qwen-lsp models pull {found.card.id}"
    return Result("Model", found.downloaded, f"{found.card.id}. {found.reason}", todo)


def _speed() -> Result:
    settings = Settings()
    try:
        options = engine_options(find_weights(settings), settings)
    except ModelError:
        return Result("Speed", good=True, found="not known before there is a model")
    speed = known_speed(options)
    if speed is None:
        found = "measured when the model is first used"
        return Result("Speed", good=True, found=found)
    deadline_ms = settings.inline_completion.deadline_ms
    context_tokens = fitting_context_tokens(speed, deadline_ms)
    facts = (
        f"reads {speed.prompt_speed:.0f} and writes {1000 / speed.token_ms:.0f} tokens a second, "
        f"so a prompt has {context_tokens} tokens of code to be answered within {deadline_ms} ms "
        "(setting context.maxTokens)"
    )
    gain = draft_gain(speed)
    drafts = f"a draft that is right makes it {gain:.1f} times faster (setting engine.drafts)"
    return Result("Speed", good=True, found=f"{facts}; {drafts}")


def _model_files() -> Result:
    there = sorted(files.on_disk())
    names = ", ".join(there) or "none"
    return Result("Model files", good=True, found=f"{names} in {models_folder()}")


def _engine() -> Result:
    try:
        folder = engine_folder()
    except OSError as error:
        todo = "Set QWEN_LSP_HOME to a folder that you may write to."
        return Result("Engine", good=False, found=f"it cannot be started: {error}", todo=todo)
    if os.name == "posix":
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o077:
            todo = f"Close it to others: chmod 700 {folder}"
            found = f"others can look into {folder}"
            return Result("Engine", good=False, found=found, todo=todo)
    running = [Path(path).name for path in running_engines()]
    found = f"running: {', '.join(running)}" if running else "not running; it starts when needed"
    return Result("Engine", good=True, found=f"{found}; log: {log_folder() / 'engine.log'}")


def _grammars() -> Result:
    broken: list[str] = []
    for language in LANGUAGES:
        try:
            parse(language, "")
        except (ImportError, AttributeError, ValueError, TypeError):
            broken.append(language.title)
    if broken:
        names = ", ".join(broken)
        todo = "Install qwen-lsp again, so that its grammar wheels match."
        return Result("Languages", good=False, found=f"{names} cannot be read", todo=todo)
    return Result("Languages", good=True, found=", ".join(each.title for each in LANGUAGES))


def _prompts() -> Result:
    templates = Templates()
    found = f"{len(templates.all())} templates"
    return Result("Prompts", not templates.problems, found, " ".join(templates.problems))


def _disk() -> Result:
    folder = next(place for place in cache_folder().parents if place.is_dir())
    free = shutil.disk_usage(folder).free
    good = free > 10**9
    todo = "" if good else "Free some space: models and caches need at least 1 GB."
    return Result("Disk", good, f"{gigabytes(free)} free where caches lie", todo)


def _editors() -> Result:
    found = [name for name in _EDITORS if shutil.which(name)]
    names = ", ".join(found) if found else "none of " + ", ".join(_EDITORS)
    return Result("Editors", good=True, found=f"{names} on PATH; set-up: README.md, editors/")
