"""What a step's result depends on: contents of inputs, options that change the result, the step's own commands."""

import hashlib
import json
import os

import parse_options
import plumbing

from diarkit.errors import DiarkitError, UsageError
from diarkit.files import plain_path, read_table


def digest(data):
    """Return the sha256 of bytes or text, as hexadecimal digits."""
    return hashlib.sha256(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data).hexdigest()


def file_digest(path):
    """Return the sha256 of a file's contents."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path):
    """Return the dict in a stamp, {} where there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def commands_digest(script):
    """Return the sha256 of a step's commands: the lines from the one that sources step.sh on, without comments.

    The lines above are options, which count with their values, and the header, which changes nothing.
    """
    with open(script, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    start = next((n for n, line in enumerate(lines) if parse_options.SOURCE.match(line)), 0)
    return digest("\n".join(line for line in lines[start:] if line and not line.startswith("#")))


def input_state(path):
    """Return {aspect: text} of one input file, recordings: {recording: text}.

    contents: of the file itself. step: the state of the step that made it, which changes with everything upstream even
    where an scp reads the same. recordings: size and time of change of what a wav.scp names, durations of a reco2dur.
    """
    if not os.path.isfile(path):
        raise DiarkitError(f"the input {path} {'is no plain file' if os.path.exists(path) else 'is missing'}")
    state, folder = {"contents": file_digest(path)}, os.path.dirname(path) or "."
    done = read_json(os.path.join(folder, ".done"))
    if done:
        state["step"] = f"{done.get('step')} {done.get('state')}"
    elif os.path.exists(os.path.join(folder, ".begun")):
        raise DiarkitError(f"the input {path} comes from a step that has not finished: run "
                           f"{read_json(os.path.join(folder, '.begun')).get('step') or 'it'} for {folder} again")
    if os.path.basename(path) == "wav.scp":
        state["recordings"] = recording_states(path)
    if os.path.basename(path) == "reco2dur":
        state["recordings"] = read_table(path)
    return state


def recording_states(path):
    """Return {recording: what it counts with} of a wav.scp: one question to the disk for each, and no more."""
    table = read_table(path)
    return dict(zip(table, plumbing.side_by_side(recording_state, table.values())))


def recording_state(entry):
    """Return what a recording counts with: size and time of change of a plain file, the text of a command."""
    if entry.endswith("|"):
        return entry
    try:
        found = os.stat(plain_path(entry))
    except OSError:
        return f"{entry} is missing"
    return f"{entry} {found.st_size} {found.st_mtime_ns}"


def pool_state(path):
    """Return {aspect: text} of an input of which any entry may matter to any result, such as a list of noises."""
    return {"contents": file_digest(path), "audio": digest(json.dumps(recording_states(path)))}


def make_state(script, options, inputs, outputs, pools=()):
    """Return the stamp of a step: a dict whose `state` is the hash of everything else in it.

    options: ["name=value"]; inputs: paths; outputs: names under the step's folder; pools: see pool_state.
    """
    for name in outputs:
        if os.path.isabs(name) or ".." in name.split("/"):
            raise UsageError(f"--out {name} must lie in the step's own folder")
    stamp = {
        "step": os.path.basename(script),
        "commands": commands_digest(script),
        "options": dict(text.split("=", 1) for text in options),
        "inputs": {**{path: input_state(path) for path in dict.fromkeys(map(os.path.normpath, inputs))},
                   **{path: pool_state(path) for path in dict.fromkeys(map(os.path.normpath, pools))}},
        "outputs": list(outputs),
    }
    return {**stamp, "state": digest(json.dumps(stamp, sort_keys=True))}


WORDS = {"recordings": "names recordings that are new, gone, or of another size or time",
         "contents": "has other contents", "audio": "names files of another size or time",
         "step": "was made anew from other inputs or options"}


def _recordings_changed(before, after):
    """Return the recordings that are new, gone or changed between two states of a wav.scp, in order."""
    before, after = before.get("recordings", {}), after.get("recordings", {})
    if not isinstance(before, dict):
        return list(after)
    return [reco for reco in {**before, **after} if before.get(reco) != after.get(reco)]


def changed_recordings(old, new):
    """Return the recordings that changed between two stamps if nothing else did, so that the others' parts hold.

    None when anything else changed: commands, options, other inputs, or the step that made one of them.
    """
    if any(old.get(kind) != new[kind] for kind in ("step", "commands", "options", "outputs")):
        return None
    changed = set()
    for _, before, after in _changed(old, new, "inputs"):
        if not all(isinstance(s, dict) and "recordings" in s for s in (before, after)) \
                or before.get("step") != after.get("step"):
            return None
        changed.update(_recordings_changed(before, after))
    return changed


def some(keys):
    """Return up to three keys and their count, for a message."""
    keys = list(keys)
    return f"{len(keys)}, such as {', '.join(keys[:3])}" if len(keys) > 3 else f"{len(keys)}: {', '.join(keys)}"


def differences(old, new):
    """Return what changed between two stamps, as lines for the user."""
    lines = [f"option {name}: {before} -> {after}" for name, before, after in _changed(old, new, "options")]
    for path, before, after in _changed(old, new, "inputs"):
        if not isinstance(before, dict) or not isinstance(after, dict):
            lines.append(f"input {path}: " + ("is new" if isinstance(after, dict) else "is no longer used"))
            continue
        aspect = next(a for a in WORDS if before.get(a) != after.get(a))  # the first one explains the others
        change = some(_recordings_changed(before, after)) if aspect == "recordings" else \
            f"{short(before.get(aspect))} -> {short(after.get(aspect))}"
        lines.append(f"input {path}: {WORDS[aspect]}: {change}")
    if old.get("commands") != new["commands"]:
        lines.append(f"the commands of {new['step']}: {short(old.get('commands'))} -> {short(new['commands'])}")
    if not lines and old.get("outputs") != new["outputs"]:
        lines.append(f"outputs: {' '.join(old.get('outputs', []))} -> {' '.join(new['outputs'])}")
    return lines


def _changed(old, new, kind):
    before, after = old.get(kind, {}), new[kind]
    return [(key, before.get(key, "(none)"), after.get(key, "(none)")) for key in {**before, **after}
            if before.get(key) != after.get(key)]


def short(text):
    """Return the beginning of a hash, enough to tell two apart."""
    return " ".join(word[:8] if len(word) == 64 else word for word in (text or "none").split())
