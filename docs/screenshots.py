"""Make every picture that lies in the repository: those of the README and of the live pages.

    python docs/screenshots.py

Needs the extras ``all`` and ``test``, and a Chromium; ``NEUROFLOW_CHROMIUM`` names another than
``chromium``. Writes into ``docs/_static``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

import neuroflow as nf

STATIC = Path(__file__).parent / "_static"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STEPS = {"function": 1500, "classification": 60, "gpt": 150}
"""When each page is looked at."""

LOOK_AT = {"function": "#network circle", "classification": "#network circle", "gpt": ""}
"""What is asked for its receipt: the first of these."""


def main() -> None:
    write_moons()
    take_live_pages()


def write_moons() -> None:
    """The trained network of the README: what it learned, and its neurons."""
    from neuroflow.view.plots import save_picture

    with tempfile.TemporaryDirectory() as folder:
        run = nf.Run.start("moons", Path(folder) / "moons")
        for _ in run:
            pass
        save_picture(run, STATIC / "moons.png")
    nf.draw(run.training.model, title="moons").save(STATIC / "network.svg")


def take_live_pages() -> None:
    """The live pages after some steps, asked of a server of their own."""
    command = [sys.executable, "-m", "neuroflow", "demo", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        lines = []
        while not lines or not lines[-1].startswith("}"):
            lines.append(server.stdout.readline())
        try:
            take_all(json.loads("".join(lines))["address"])
        finally:
            server.terminate()


def take_all(address: str) -> None:
    parts = urlsplit(address)
    browser_path = os.environ.get("NEUROFLOW_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        for name, steps in STEPS.items():
            page = context.new_page()
            page.goto(f"{parts.scheme}://{parts.netloc}/{name}.html?{parts.query}")
            train(page, steps)
            if LOOK_AT[name]:
                page.locator(LOOK_AT[name]).nth(8).click(force=True)
            page.wait_for_timeout(1000)
            page.screenshot(path=STATIC / f"live-{name}.png")
            page.close()
        browser.close()


def train(page: Page, steps: int) -> None:
    """Play until so many steps are made; the pages forbid eval, so look again and again."""
    page.wait_for_selector("#play:not([disabled])")
    page.click("#play")
    while not done(page, steps):
        page.wait_for_timeout(50)
    if page.evaluate("() => neuroflow.now.playing"):
        page.click("#play")


def done(page: Page, steps: int) -> Any:
    return page.evaluate(f"() => neuroflow.now.over || neuroflow.now.step >= {steps}")


if __name__ == "__main__":
    main()
