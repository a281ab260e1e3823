"""A language server spoken to over its standard input and output, as an editor does."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading

PATIENCE = 30


class LanguageServer:
    """Starts a server for a folder; what it asks gets an empty answer.

    >>> LanguageServer(["tombi", "lsp"], ".").command
    ['tombi', 'lsp']
    """

    def __init__(self, command, folder):
        self.command, self.folder = list(map(str, command)), folder
        self._received, self._asked, self._problems = queue.Queue(), 0, {}

    def __enter__(self):
        self._process = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        root = self.folder.as_uri()
        folders = [{"uri": root, "name": "project"}]
        self.ask("initialize", {"processId": os.getpid(), "rootUri": root, "capabilities": {},
                                "workspaceFolders": folders})  # fmt: skip
        self._send(method="initialized", params={})
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()

    def open(self, name):
        """Open a file of the folder."""
        document = {"uri": self._uri(name), "languageId": "toml", "version": 1,
                    "text": (self.folder / name).read_text()}  # fmt: skip
        self._send(method="textDocument/didOpen", params={"textDocument": document})

    def completions(self, name, line, column):
        """The labels that are offered at a place."""
        found = self.ask("textDocument/completion", self._place(name, line, column))
        items = found if isinstance(found, list) else (found or {}).get("items", [])
        return [item["label"] for item in items]

    def hover(self, name, line, column):
        """The text that is shown at a place."""
        found = self.ask("textDocument/hover", self._place(name, line, column)) or {}
        return str(found.get("contents", ""))

    def diagnostics(self, name):
        """The problems of a file, once some are told."""
        while not self._problems.get(self._uri(name)):
            self._take()
        return self._problems[self._uri(name)]

    def ask(self, method, params):
        """The answer to a request."""
        self._asked += 1
        self._send(id=self._asked, method=method, params=params)
        while (answer := self._take()).get("id") != self._asked:
            pass
        return answer.get("result")

    def _take(self):
        message = self._received.get(timeout=PATIENCE)
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self._problems[params["uri"]] = params["diagnostics"]
        return message

    def _place(self, name, line, column):
        return {"textDocument": {"uri": self._uri(name)},
                "position": {"line": line, "character": column}}  # fmt: skip

    def _uri(self, name):
        return (self.folder / name).as_uri()

    def _send(self, **message):
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _read(self):
        while message := self._message():
            if "method" in message and "id" in message:
                asked = (message.get("params") or {}).get("items")
                self._send(id=message["id"], result=[None] * len(asked) if asked else None)
            else:
                self._received.put(message)

    def _message(self):
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return json.loads(self._process.stdout.read(length)) if length else None
