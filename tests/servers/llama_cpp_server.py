"""Starts llama-cpp-python's own server without weight repacking, which it has no option for.

On processors with AMX the repacked weights end the process at the first request (0.3.36); our own
backend loads without them as well. Arguments: the folder of packages that has llama-cpp-python,
then those of `python -m llama_cpp.server`.
"""

import runpy
import sys
from typing import Any

if __name__ == "__main__":
    sys.path.append(sys.argv.pop(1))
    import llama_cpp.llama_cpp as low_level

    llama: Any = low_level
    default_params = llama.llama_model_default_params

    def without_repacking() -> Any:
        params = default_params()
        params.use_extra_bufts = False
        return params

    llama.llama_model_default_params = without_repacking
    runpy.run_module("llama_cpp.server", run_name="__main__", alter_sys=True)
