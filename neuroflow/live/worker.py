"""The tab of a page that runs Python in a web worker: texts in, texts out."""

from __future__ import annotations

import json
import traceback

from attrs import define, field

from neuroflow.errors import raised
from neuroflow.live.frames import Frame
from neuroflow.live.tab import Tab
from neuroflow.view.markup import shown_json


@define(eq=False)
class Worker:
    """What ``static/worker.js`` calls: one turn after the other, messages in between."""

    page: str
    tab: Tab = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tab = Tab(self.page)

    def turn(self, messages: str) -> str:
        """Do what a JSON list of messages asks for, then train for a moment."""
        pause = 0.0
        frames: list[Frame]
        try:
            frames = self.tab.handle(json.loads(messages))
            if self.tab.playing:
                more, pause = self.tab.tick()
                frames += more
        except Exception as error:
            self.tab.playing = False
            traceback.print_exc()
            told = f"neuroflow has a bug here: {raised(error)}"
            frames = [{"type": "error", "message": told, "do": ""}]
        answer = {"frames": frames, "playing": self.tab.playing, "pause": pause}
        return shown_json(answer)
