"""Keeping the index of symbols up to date while an editor is open.

Each workspace folder is built by a process of its own when the first document of a known language
is open; saved and watched files are read again one by one, in a thread. What fails is one line in
the log, since ghost text works without an index.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path, PurePath
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from qwen_lsp.features.project import Project
from qwen_lsp.index.build import update_file
from qwen_lsp.index.database import Index
from qwen_lsp.server.boundary import Server
from qwen_lsp.server.documents import file_of
from qwen_lsp.server.progress import Progress, progress
from qwen_lsp.settings import ContextSettings

_log = logging.getLogger(__name__)

# With more changed files than this, a pass over the folder is cheaper.
_MOST_SINGLE_FILES = 50
_ANSWER_SECONDS = 5.0
# How often a build is told that somebody types.
_TELL_SECONDS = 0.5
_Background = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Indexing:
    """The indexes of one server's workspace folders."""

    def __init__(
        self,
        server: Server,
        project: Project,
        configured: asyncio.Event,
        in_background: _Background,
    ) -> None:
        self._server = server
        self._project = project
        self._configured = configured
        self._in_background = in_background
        self._settings = ContextSettings()
        self._starting = False
        self._started = False
        self._builds: dict[PurePath, asyncio.Task[None]] = {}
        self._processes: set[asyncio.subprocess.Process] = set()
        self._told_of_typing = 0.0
        self._changed: dict[tuple[PurePath, str], None] = {}
        self._updating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Build the indexes, once the settings are known; later calls do nothing."""
        if not self._starting:
            self._starting = True
            self._in_background(self._start())

    def use_settings(self, settings: ContextSettings) -> None:
        """Take new settings; folders are built anew where they change what belongs to an index."""
        old, self._settings = self._settings, settings
        same = (old.cross_file, old.exclude) == (settings.cross_file, settings.exclude)
        if self._started and not same:
            self._stop(set(self._builds))
            self._project.indexes.change({})
            self.follow_folders()

    def follow_folders(self) -> None:
        """Build what is new among the workspace folders, and let go of what is no more."""
        if not self._started:
            return
        folders = (
            set(self._server.documents.folders) if self._settings.cross_file else set[PurePath]()
        )
        self._stop(set(self._builds) - folders)
        self._project.indexes.change({folder: Index.open(Path(folder)) for folder in folders})
        for folder in sorted(folders - set(self._builds)):
            self._build(folder)

    def note_typing(self) -> None:
        """Tell the builds under way that somebody types, so that they rest for a while."""
        now = time.monotonic()
        if self._processes and now - self._told_of_typing > _TELL_SECONDS:
            self._told_of_typing = now
            for process in self._processes:
                cast("asyncio.StreamWriter", process.stdin).write(b"typing\n")

    def file_changed(self, uri: str) -> None:
        """Read a file again that was saved, or was made, changed or deleted by another program."""
        path = file_of(uri)
        if not self._started or not self._settings.cross_file or path is None:
            return
        for folder in self._server.documents.folders:
            if path.is_relative_to(folder):
                if path.name == ".gitignore":
                    self._build(folder)
                else:
                    self._changed[folder, path.relative_to(folder).as_posix()] = None
                break
        if self._changed and (self._updating is None or self._updating.done()):
            self._updating = self._in_background(self._update())

    async def _start(self) -> None:
        await self._configured.wait()
        self._started = True
        self.follow_folders()
        await self._watch()

    def _stop(self, folders: set[PurePath]) -> None:
        for folder in folders:
            self._builds.pop(folder).cancel()

    def _build(self, folder: PurePath) -> None:
        old = self._builds.get(folder)
        if old is not None:
            old.cancel()
        self._builds[folder] = self._in_background(self._run_build(folder))

    async def _run_build(self, folder: PurePath) -> None:
        excludes = [f"--exclude={pattern}" for pattern in self._settings.exclude]
        # -P keeps Python from importing what lies in the folder that the editor works in.
        command = [sys.executable, "-P", "-m", "qwen_lsp.index.process"]
        command += [*excludes, "--", str(folder)]
        pipe = asyncio.subprocess.PIPE
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
            )
        )
        try:
            process = await asyncio.shield(starting)
            self._processes.add(process)
            try:
                async with contextlib.AsyncExitStack() as bars:
                    await self._follow(process, folder, bars)
            finally:
                self._processes.discard(process)
            if await process.wait():
                _log.warning("the index of symbols of %s could not be built", folder.name)
        except OSError as error:
            _log.warning("the index of symbols is not built: %s", error)
        finally:
            # However often this task is cancelled, no process is left behind.
            ending = asyncio.ensure_future(_end(starting))
            while not ending.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.shield(ending)

    async def _follow(
        self,
        process: asyncio.subprocess.Process,
        folder: PurePath,
        bars: contextlib.AsyncExitStack,
    ) -> None:
        """Show what the process says; where there is nothing to do, no bar is shown."""
        bar: Progress | None = None
        lines = cast("asyncio.StreamReader", process.stdout)
        async for line in lines:
            words = cast("dict[str, int]", json.loads(line))
            if total := words.get("total", 0):
                if bar is None:
                    title = f"Indexing {folder.name}"
                    bar = await bars.enter_async_context(progress(self._server, title, 0))
                bar.report(f"{words['done']} of {total} files", words["done"] / total)

    async def _update(self) -> None:
        while self._changed:
            folders = [folder for folder, _ in self._changed]
            for folder in set(folders):
                if folders.count(folder) > _MOST_SINGLE_FILES:
                    self._changed = {key: None for key in self._changed if key[0] != folder}
                    self._build(folder)
            if self._changed:
                folder, path = next(iter(self._changed))
                del self._changed[folder, path]
                try:
                    exclude = self._settings.exclude
                    await asyncio.to_thread(update_file, Path(folder), path, exclude)
                except (sqlite3.Error, OSError) as error:
                    _log.warning("the index of symbols was not updated: %s", error)

    async def _watch(self) -> None:
        """Ask the client to tell of files that other programs change."""
        workspace = self._server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched is None or not watched.dynamic_registration:
            return
        watchers = [types.FileSystemWatcher(glob_pattern="**/*")]
        registration = types.Registration(
            id="watched-files",
            method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers),
        )
        request = self._server.client_register_capability_async(
            types.RegistrationParams([registration])
        )
        try:
            await asyncio.wait_for(request, _ANSWER_SECONDS)
        except (TimeoutError, JsonRpcException) as error:
            _log.info("the client does not watch files: %s", error)


async def _end(starting: "asyncio.Future[asyncio.subprocess.Process]") -> None:
    """Kill a process, which may only be starting, and let go of its pipes."""
    try:
        process = await starting
    except OSError:
        return
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    cast("asyncio.StreamWriter", process.stdin).close()
    # What it still said must be read, or its pipe stays open.
    await cast("asyncio.StreamReader", process.stdout).read()
    await process.wait()
