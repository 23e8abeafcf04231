#!/usr/bin/env python3
"""The stamp that proves a step: .done in its folder, .begun while it is unfinished. Called by step.sh.

Usage: stamp.py begin <out> --out F... --in F... [--pool F...] --option NAME=VALUE... --lock DESCRIPTOR --pid PID
       stamp.py finish <out>

begin ends with 0 to go on and 3 when the result is up to date. The same state, but unfinished: what is there is kept.
Another state: says what changed and starts over; where only recordings of wav.scp changed, the others' parts are kept.
"""

import contextlib
import json
import os
import shutil
import time

import lock
import plumbing
import split_data
import state

from diarkit.errors import DiarkitError, UsageError
from diarkit.files import write_text

GO_ON, UP_TO_DATE = 0, 3
LISTS = ("--out", "--in", "--pool", "--option", "--lock", "--pid")


def read_arguments(words):
    """Return (folder, {flag: values}) of begin."""
    lists, current = {flag: [] for flag in LISTS}, None
    folder, words = (words[0].rstrip("/") or "/", words[1:]) if words else ("", [])
    for word in words:
        if word in LISTS:
            current = word
        elif current:
            lists[current].append(word)
        else:
            raise UsageError(f"begin: {word!r} stands before --out and --in")
    if not folder or not lists["--out"]:
        raise UsageError('begin needs the folder and its files: begin "$out" --out F... --in F...')
    return folder, lists


def begin(words):
    """Compare the state asked for with the one that is there, and make the folder ready; return the exit status."""
    out, given = read_arguments(words)
    killed = lock.take(out, int(given["--lock"][0]), given["--pid"][0])
    status = None
    try:
        if os.path.isdir(os.path.join(out, ".arrays")):
            import arrays  # here, for few runs leave tasks in a queue
            arrays.end_left_over(out, plumbing.say)
        for path in given["--in"] + given["--pool"]:
            if os.path.realpath(os.path.dirname(path) or ".") == os.path.realpath(out):
                raise UsageError(f"{path} lies in {out} itself: a step never writes into its inputs")
        new = state.make_state(plumbing.step_name(), given["--option"], given["--in"], given["--out"],
                               given["--pool"])
        status = compare(out, new, killed)
    finally:
        if status != GO_ON:
            lock.release(out)
    return status


def compare(out, new, killed):
    """Say what is to be done in a folder, do the tidying, write .begun; return UP_TO_DATE or GO_ON."""
    done, begun = os.path.join(out, ".done"), os.path.join(out, ".begun")
    old, finished = state.read_json(done), os.path.exists(done)
    old = old or state.read_json(begun)
    name = f"{plumbing.step_name()} {out}"
    if old.get("step", new["step"]) != new["step"]:
        raise DiarkitError(f"{out} was made by {old['step']}: give this step a folder of its own, or remove that one")
    missing = [f for f in new["outputs"] if not os.path.exists(os.path.join(out, f))]
    if finished and old.get("state") == new["state"] and not missing:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(begun)
        plumbing.say(f"{name}: is up to date")
        return UP_TO_DATE
    if finished:
        os.replace(done, begun)  # from here on the folder counts as unfinished, whatever happens
    if old.get("state") == new["state"]:
        end = f"{killed} was killed" if killed else "it failed"
        why = f"{' '.join(missing)} is missing" if finished else f"was not finished ({end})"
        plumbing.say(f"{name}: {why}, goes on with what is there")
    else:
        changed = state.changed_recordings(old, new) if old else None
        if old:
            how = "starts over, for what it depends on" if changed is None else "does again what"
            plumbing.say("\n  ".join([f"{name}: {how} changed:", *state.differences(old, new)]))
        wipe(out, {*old.get("outputs", []), *new["outputs"], *(["parts"] if changed is None else [])})
        forget(out, changed or ())
    write_json(begun, new)
    return GO_ON


def forget(out, recordings):
    """Take recordings out of the finished parts, so that they are done again."""
    for part, lines in split_data.read_parts(plumbing.find_parts(out)) if recordings else []:
        kept = [line for reco, line in lines if reco not in recordings]
        if len(kept) < len(lines):
            write_text(part.path, kept)


def wipe(out, names):
    """Remove what an earlier run left: split, logs and these files and folders."""
    for name in [*sorted(names), "split", "log"]:
        path = os.path.join(out, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)


def write_json(path, stamp):
    """Write a stamp for people to read."""
    write_text(path, [json.dumps(stamp, indent=2, ensure_ascii=False)])


def finish(out):
    """Prove the step: all outputs are there, so .begun becomes .done."""
    done, begun = os.path.join(out, ".done"), os.path.join(out, ".begun")
    stamp = state.read_json(begun)
    if not stamp:
        raise DiarkitError(f"finish: {begun} is missing, so nothing was begun in {out}")
    missing = [name for name in stamp["outputs"] if not os.path.exists(os.path.join(out, name))]
    if missing:
        raise DiarkitError(f"{out}: the step ended without making {' '.join(missing)}")
    write_json(done, {**stamp, "date": time.strftime("%F %T %z")})
    os.unlink(begun)
    shutil.rmtree(os.path.join(out, "split"), ignore_errors=True)
    return 0


def main(words):
    """Do one of the verbs."""
    verb, *rest = words or [""]
    if verb == "begin":
        return begin(rest)
    if verb == "finish" and len(rest) == 1:
        return finish(rest[0].rstrip("/"))
    raise UsageError(__doc__)


if __name__ == "__main__":
    plumbing.run(main)
