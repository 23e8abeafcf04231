#!/usr/bin/env python3
"""Hours of conversations made in an hour on one core and on two, dry and with rooms, noise and codecs.

Usage: bench_simulate.py <speakers> [conversations of five minutes]
<speakers> is a folder as select-utterances.py makes it. The audio is encoded and thrown away.
"""

import io
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import soundfile

from diarkit.options import field_table, parse_value, read_conf
from diarkit.simulate import AcousticOptions, ConversationOptions, Pool, Simulator

CONF = Path(__file__).parents[2] / "conf"
KINDS = {"dry, pink noise": {}, "rooms": {"rooms": "image"}, "conf/simulate/simulate.conf": None}


def options(kind):
    """Return (ConversationOptions, AcousticOptions) of one of KINDS; None stands for the shipped conf."""
    classes = (ConversationOptions, AcousticOptions)
    table, values = field_table(*classes), {cls: {} for cls in classes}
    for name, text, _ in read_conf(CONF / "simulate/simulate.conf", table) if KINDS[kind] is None else []:
        values[table[name][0]][table[name][1].name] = parse_value(table[name][1], text)
    values[ConversationOptions]["turn_taking"] = str(CONF / "simulate/turn_taking_meeting.json")
    values[AcousticOptions].update(KINDS[kind] or {})
    return [cls(**values[cls]) for cls in classes]


def work(speakers, kind, numbers):
    """Make conversations and their FLAC; return (seconds of audio, seconds of processor time)."""
    talk, sound = options(kind)
    simulator, audio_s, begun_s = Simulator(Pool(speakers), talk, sound), 0.0, time.process_time()
    for number in numbers:
        samples = simulator(number).samples
        soundfile.write(io.BytesIO(), samples, talk.sample_rate, format="FLAC")
        audio_s += len(samples) / talk.sample_rate
    return audio_s, time.process_time() - begun_s


def main(speakers, count="24"):
    """Print a table: per hour of processor time, and per hour of wall clock on one and two processes."""
    print(f"{'hours of audio made in an hour':32} {'of CPU':>8} {'1 job':>8} {'2 jobs':>8}")
    for kind in KINDS:
        row = []
        for jobs in (1, 2):
            begun_s = time.monotonic()
            with ProcessPoolExecutor(jobs) as pool:
                parts = list(pool.map(work, [speakers] * jobs, [kind] * jobs,
                                      [range(first, int(count), jobs) for first in range(jobs)]))
            audio_s, cpu_s = map(sum, zip(*parts))
            row += ([audio_s / cpu_s] if jobs == 1 else []) + [audio_s / (time.monotonic() - begun_s)]
        print(f"{kind:32} " + " ".join(f"{value:8.0f}" for value in row), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
