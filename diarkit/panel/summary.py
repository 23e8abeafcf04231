"""What the index says of a recording: its length, its speakers and how long each talks."""

from diarkit.panel.page import page_name
from diarkit.turns import talk_time


def summary(data, turns):
    """Return a dict for JSON: page, duration, score, and speakers as [name, colour, seconds], most talkative first."""
    colour = {s["name"]: s["colour"] for s in data["speakers"]}
    talk = [[name, colour[name], round(seconds, 2)] for name, seconds in talk_time(turns).items()]
    return {"page": page_name(data["reco"]), "duration": data["duration"], "score": data["score"], "turns": len(turns),
            "speakers": talk}
