"""Label Studio's JSON exports of audio regions, `JSON` and `JSON_MIN`; read only."""

import os
import re
from urllib.parse import unquote, urlsplit

from diarkit.errors import data_error
from diarkit.formats.common import number_of, turn_of

UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")  # what Label Studio puts before the name of an uploaded file
SOUND = ("audio", "audio_url", "url", "sound", "file_upload")


def is_export(content):
    """Tell whether the content of a JSON file is an export of Label Studio."""
    tasks = content if isinstance(content, list) else [content]
    return bool(tasks) and all(isinstance(task, dict) and ("annotations" in task or "label" in task and _sound(task))
                               for task in tasks)


def turns_of(path, content):
    """Yield the Turns of an export; each task is a recording, named after its audio."""
    for number, task in enumerate(content if isinstance(content, list) else [content], 1):
        sound = _sound(task)
        if not sound:
            raise data_error(path, None, f"task {number} names no audio", f"Keep one of {', '.join(SOUND)} in its data")
        reco = os.path.splitext(UPLOAD.sub("", os.path.basename(unquote(urlsplit(sound).path))))[0]
        for region in _regions(path, number, task):
            names = region.get("labels") or []
            if len(names) != 1:
                raise data_error(path, None, f"task {number} has a region with {len(names)} labels: {names}",
                                 "Give each region one speaker; who talk together have a region each")
            start_s, end_s = (number_of(path, None, region.get(n), f"{n} in task {number}") for n in ("start", "end"))
            yield turn_of(path, None, reco, start_s, end_s, names[0])


def _sound(task):
    places = (task.get("data"), task)
    return next((str(place[name]) for place in places if isinstance(place, dict) for name in SOUND if place.get(name)),
                None)


def _regions(path, number, task):
    """Return the values of the regions of a task: of its one annotation that was not cancelled, or of JSON_MIN."""
    if "annotations" not in task:
        return task["label"]
    done = [a for a in task["annotations"] if not a.get("was_cancelled")]
    if len(done) > 1:
        raise data_error(path, None, f"task {number} has {len(done)} annotations", "Export one of them")
    return [r["value"] for a in done for r in a.get("result", []) if "labels" in r.get("value", {})]
