"""What the installed llama.cpp was built for, asked in a process of its own.

Loading the library takes half a second and cannot be undone, so neither the language server nor
the command line does it. `python -m qwen_lsp.engine.build_info` prints the answer as JSON.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class BuildInfo:
    """The build of llama.cpp. `features` is its own list of what it uses of this machine."""

    version: str
    gpu_offload: bool
    features: str
    problem: str = ""


def build_info() -> BuildInfo:
    """Return what the build can do; `problem` says in a sentence where it cannot be loaded."""
    command = [sys.executable, "-P", "-m", "qwen_lsp.engine.build_info"]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return BuildInfo(**json.loads(run.stdout))
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:]
        reason = f"llama-cpp-python cannot be loaded: {''.join(last) or 'it crashed'}"
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError) as error:
        reason = f"llama-cpp-python cannot be asked: {error}"
    return BuildInfo("", gpu_offload=False, features="", problem=reason)


def _look() -> BuildInfo:
    import llama_cpp  # noqa: PLC0415 - only in the process that is asked

    features: bytes = llama_cpp.llama_print_system_info()
    return BuildInfo(
        version=llama_cpp.__version__,
        gpu_offload=bool(llama_cpp.llama_supports_gpu_offload()),
        features=features.decode("utf-8", "replace").strip(),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_look())))
