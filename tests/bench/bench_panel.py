#!/usr/bin/env python3
"""Measure the panel of a long recording: seconds to make the page, its size, and how a browser bears it.

The recording is real speech again and again, with turns of two to eight people. Prints the time to make the page as a
share of the recording, megabytes, and in Chromium seconds to load, milliseconds to draw a frame, and megabytes of heap.

Usage: bench_panel.py AUDIO [hours]
"""

import os
import random
import sys
import tempfile
import time

import soundfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from browser import chromium, opened  # noqa: E402

from diarkit.annotation import Turn  # noqa: E402
from diarkit.audio import read_audio  # noqa: E402
from diarkit.export.cast import Casts  # noqa: E402
from diarkit.panel.page import data_of, page  # noqa: E402
from diarkit.panel.sound import listen  # noqa: E402

FRAME = """(() => { const t = performance.now();
    for (let n = 0; n < 50; n++) { player.surfer.setScroll(n * 900); MORE; view.draw(); }
    return (performance.now() - t) / 50 })()"""


def conversation(length_s):
    """Return turns of eight people, some of them overlapping."""
    chance, at, turns = random.Random(1), 0.0, []
    while at < length_s - 8:
        end, name = at + chance.uniform(0.3, 6), f"SPEAKER_{chance.randrange(8):02d}"
        turns.append(Turn("long", at, end, name, chance.random()))
        at += chance.uniform(0.5, 5)
    return turns


def main(audio, hours=3.0):
    """Print one line per figure."""
    samples, length_s = read_audio(audio), 3600 * float(hours)
    with tempfile.TemporaryDirectory() as folder:
        with soundfile.SoundFile(f"{folder}/long.wav", "w", 16000, 1) as file:
            for _ in range(int(length_s * 16000 / len(samples))):
                file.write(samples)
        start_s = time.perf_counter()
        sound, turns = listen(f"{folder}/long.wav"), conversation(length_s)
        cast = Casts({"long": turns}, {"long": conversation(length_s)})("long")
        with open(f"{folder}/long.html", "w", encoding="utf-8") as file:
            file.writelines(page(data_of("long", sound, cast), sound.opus))
        took_s = time.perf_counter() - start_s
        print(f"made in {took_s:.1f} s, {took_s / sound.duration_s:.4f} seconds per second of audio")
        print(f"{os.path.getsize(f'{folder}/long.html') / 1e6:.1f} MB, {len(turns)} turns")
        with chromium() as browser:
            start_s = time.perf_counter()
            with opened(browser, f"{folder}/long.html") as panel:
                print(f"loads in {time.perf_counter() - start_s:.1f} s")
                print(f"a frame of the whole recording {panel.evaluate(FRAME.replace('MORE', '')):.1f} ms")
                print(f"the same after a change {panel.evaluate(FRAME.replace('MORE', 'model.version++')):.1f} ms")
                panel.evaluate("player.zoomTo(100, 5000)")
                print(f"a frame at 100 pixels a second {panel.evaluate(FRAME.replace('MORE', '')):.1f} ms")
                edit = "(() => { const t = performance.now(); model.remove(9); return performance.now() - t })()"
                print(f"an edit {panel.evaluate(edit):.0f} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
