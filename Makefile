# Two commands matter to a newcomer: `make demo` and `make test`. Both make what they need.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
EDITORS := .editors/.ready
SERVERS := .servers/.ready

NODE_MODULES := editors/vscode/node_modules/.package-lock.json
# Node 20 or later; where none is on PATH, the one that the packages for `make test-editors` bring.
NPM := cd editors/vscode && PATH="$$PATH:$(CURDIR)/$(BIN)" npm

.PHONY: help demo test vscode test-editors test-servers pictures check format docs bench constraints clean

help:
	@echo "make demo    show the language server at work with a real model (0.5 GB, once)"
	@echo "make test    run every test that needs no editor"
	@echo "make check   format, lint, types, import layers"
	@echo "make format  format the code and mend what the linter can"
	@echo "make docs    print docs/*.md from the code"
	@echo "make vscode  build the VS Code extension, dist/qwen-lsp-VERSION.vsix"
	@echo "make test-editors  drive real editors; they are fetched into .editors/ once (1 GB)"
	@echo "make test-servers  ask real servers of models; they are fetched into .servers/ once (2 GB)"
	@echo "make pictures      put what those editors showed into docs/pictures/"
	@echo "make bench   measure the speed of the model on this machine"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else "qwen-lsp needs Python 3.11 to 3.14, and $(PYTHON) is %d.%d: name another with `make PYTHON=python3.12`." % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing. llama.cpp is compiled the first time, which takes 5 to 10 minutes on two cores."
	$(BIN)/python -m pip install --require-hashes --requirement constraints.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation --editable .
	touch $(READY)

demo: $(READY)
	$(BIN)/qwen-lsp demo

test: $(READY)
	$(BIN)/qwen-lsp models pull qwen2.5-coder-0.5b
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not servers"

$(NODE_MODULES): editors/vscode/package-lock.json
	$(NPM) ci --ignore-scripts
	touch $@

# The extension carries the server as a wheel, and says which versions of what it needs.
vscode: $(READY) $(NODE_MODULES)
	rm -rf editors/vscode/server
	mkdir -p dist
	$(BIN)/python -m hatchling build --target wheel --directory editors/vscode/server
	cp editors/vscode/server-requirements.txt editors/vscode/server/requirements.txt
	cp LICENSE CHANGELOG.md editors/vscode/
	$(NPM) run check
	$(NPM) test
	$(NPM) run build
	$(NPM) run package

$(EDITORS): $(READY) editors/tests/install.sh editors/tests/constraints.txt
	editors/tests/install.sh $(BIN)/python

test-editors: $(EDITORS) vscode
	$(BIN)/qwen-lsp models pull qwen2.5-coder-0.5b
	$(BIN)/pytest editors/tests

$(SERVERS): $(READY) tests/servers/install.sh tests/servers/constraints.txt
	tests/servers/install.sh $(BIN)/python

test-servers: $(SERVERS)
	$(BIN)/qwen-lsp models pull qwen2.5-coder-0.5b
	$(BIN)/pytest tests/servers

# The pictures of the last `make test-editors`; look at them before you commit them.
pictures:
	$(BIN)/python -m editors.tests.pictures

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/python -m qwen_lsp.reference

bench: $(READY)
	$(BIN)/qwen-lsp bench

# Needs uv, which is no part of the development environment: pip install uv.
constraints:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --output-file constraints.txt
	uv pip compile --group pyproject.toml:editors --universal --python-version 3.11 \
		--constraint constraints.txt --generate-hashes --no-header --no-annotate \
		--output-file editors/tests/constraints.txt
	uv pip compile --group pyproject.toml:servers --universal --python-version 3.11 \
		--excludes tests/servers/left-out.txt --generate-hashes --no-header --no-annotate \
		--output-file tests/servers/constraints.txt
	uv pip compile pyproject.toml --constraint constraints.txt --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --output-file editors/vscode/server-requirements.txt

clean:
	rm -rf .venv .editors .servers dist build editors/vscode/dist editors/vscode/build editors/vscode/server \
		editors/vscode/node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache
