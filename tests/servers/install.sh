#!/usr/bin/env bash
# install.sh [PYTHON]: fetches the servers that `make test-servers` asks into .servers/ at the root.
# Each step looks first whether its work is done, so a second run takes a moment.
#
#   .servers/bin/llama-server  llama.cpp's server, from Debian's next release
#   .servers/python            an environment with transformers, vLLM, and what the server of
#                              llama-cpp-python needs; that one itself is taken from PYTHON's own
#
# A server that cannot be had is named in a sentence, and its tests are skipped; with CI=true that
# is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
servers=$PWD/.servers
missing=0

say() { echo "servers: $*"; }

lacks() {
  say "$*"
  missing=1
}

# Debian's build chooses the code for the processor when it starts. It looks for that code beside
# the running program, which here is the loader.
llama_server() {
  local forky=$servers/forky lib
  [[ -x $servers/bin/llama-server ]] && return
  say "unpacking llama-server from Debian forky (19 MB)"
  tests/unpack-forky.sh "$forky" llama.cpp-tools || {
    lacks "there is no llama-server."
    return
  }
  lib=$(dirname "$(find "$forky/usr/lib" -name 'ld-linux-*.so.*' | head -n 1)")
  ln -s "$lib"/ggml/*/libggml-cpu*.so "$lib"
  {
    echo '#!/bin/sh'
    printf 'exec %q --library-path %q %q "$@"\n' "$lib"/ld-linux-*.so.* "$lib:$lib/llama" "$forky/usr/bin/llama-server"
  } >"$servers/bin/llama-server"
  chmod +x "$servers/bin/llama-server"
}

# PyTorch without CUDA is 190 MB, with it several GB. It is no package of PyPI: pip finds it where
# PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL say. That is why constraints.txt leaves it out, and with it
# what exists for CUDA alone (left-out.txt).
python_servers() {
  local stamp=$servers/python-packages
  cmp -s tests/servers/constraints.txt "$stamp" && return
  say "installing PyTorch for the processor, transformers and vLLM (2 GB)"
  test -x "$servers/python/bin/python" || "$python" -m venv "$servers/python"
  "$servers/python/bin/python" -m pip install --quiet --no-deps --require-hashes --requirement tests/servers/constraints.txt
  if "$servers/python/bin/python" -m pip install --quiet --no-deps torch==2.13.0+cpu; then
    cp tests/servers/constraints.txt "$stamp"
  else
    lacks "pip finds no PyTorch 2.13.0+cpu."
  fi
}

mkdir -p "$servers/bin"
llama_server
python_servers
if [[ $missing -eq 0 ]]; then
  touch "$servers/.ready"
elif [[ ${CI:-} == true ]]; then
  exit 1
fi
