"""Small corpora in exactly the layouts of AMI, Hindi A and Hindi B, composed of real speech the tests can have.

The two people of the mini conversation speak in all of them; where ../shared/speech is present, more people do.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from conftest import ROOT, SHARED

from diarkit.annotation import read_rttm
from diarkit.simulate import AcousticOptions, ConversationOptions, Pool, simulate

RATE = 16000
PEOPLE = {"ami": ("librispeech_train_clean_5", 4), "Hindi": ("hindi_3spk", 3), "Hindi1": ("malayalam_msc", 3)}
XML = '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n'
NITE = 'xmlns:nite="http://nite.sourceforge.net/"'


def mini_people(folder, environment):
    """Return {person: [path]} of what the mini conversation's two say alone, {} where it cannot be had."""
    paths = []
    for name in ("mini-audio", "mini-reference"):
        done = subprocess.run([ROOT / "utils" / "fetch_model.py", name], capture_output=True, text=True,
                              env={**environment, "PYTHONPATH": str(ROOT)})
        if done.returncode:
            return {}
        paths.append(done.stdout.strip())
    samples, rate = soundfile.read(paths[0], dtype="float32")
    turns, people = next(iter(read_rttm(paths[1]).values())), {}
    for t in turns:
        for start_s, end_s in alone(t, [o for o in turns if o.speaker != t.speaker]):
            path = folder / f"{t.speaker}-{round(1000 * start_s)}.wav"
            soundfile.write(path, samples[round(start_s * rate):round(end_s * rate)], rate)
            people.setdefault(t.speaker, []).append(path)
    return people


def alone(turn, others, least_s=0.8):
    """Return the [(start_s, end_s)] of a turn in which nobody else speaks, those of at least least_s."""
    spans = [(turn.start_s, turn.end_s)]
    for other in others:
        spans = [cut for a, b in spans for cut in ((a, min(b, other.start_s)), (max(a, other.end_s), b))]
    return [(a, b) for a, b in spans if b - a >= least_s]


def people_of(corpus, folder, environment):
    """Write wav.scp and utt2spk of who talks in a corpus's stand-in; give the folder and how many they are.

    The mini conversation's two, others where there are others; (folder, 0) where nobody can be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (wanted, count), people = PEOPLE[corpus], {}
    table = SHARED / "speech" / "utterances.tsv"
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()] if table.exists() else []
    for path, speaker, source, seconds in sorted(rows):
        if source == wanted and 1.5 < float(seconds) < 8:
            people.setdefault(speaker, []).append(SHARED / "speech" / path)
    people = dict(sorted(people.items(), key=lambda item: (-len(item[1]), item[0]))[:count])
    people = people or mini_people(folder, environment)
    lines = [(f"{person}-{n}", path, person) for person, own in people.items() for n, path in enumerate(own[:12])]
    (folder / "wav.scp").write_text("".join(f"{key} {path}\n" for key, path, _ in lines))
    (folder / "utt2spk").write_text("".join(f"{key} {person}\n" for key, _, person in lines))
    return folder, len(people)


def talk(people, seconds, number):
    """Return the simulated Conversation of all people, of at least this length, at 16 kHz."""
    folder, count = people
    options = ConversationOptions(scheme="deck", duration=float(seconds), min_speakers=count, max_speakers=count,
                                  overlap=0.1, mean_pause=0.4)
    return simulate(Pool(str(folder), RATE, True), number, options, AcousticOptions(min_snr_db=20.0, gain_db=3.0))


def write_hindi(folder, name, people, seconds=60, count=3):
    """Write Hindi A (name="Hindi") or Hindi B ("Hindi1"): recordings at 48 kHz, 16 bit, mono, and one CSV."""
    folder.mkdir(parents=True)
    rows, other = ["filename,Duration,Offset,Speaker_id"], 100 * (name == "Hindi1")  # its conversations are others
    for number in range(1, count + 1):
        samples, turns, _ = talk(people, seconds, number + other)
        soundfile.write(folder / f"{name}_{number:02d}.wav", soxr.resample(samples, RATE, 48000), 48000, "PCM_16")
        rows += [f"{name}_{number:02d}.wav,{b - a:.3f},{a:.3f},{who}" for a, b, who in turns]
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


def words_xml(meeting, agent, spans):
    """Return the words of one agent: each span in words of 0.3 s, a full stop, a laugh and a word without times."""
    lines, at = [], iter(range(10 ** 6))

    def add(tag, rest, text=None):
        name = f'   <{tag} nite:id="{meeting}.{agent}.words{next(at)}"{rest}'
        lines.append(f"{name}>{text}</{tag}>" if text else f"{name}/>")
    for a, b in spans:
        cuts = np.append(np.arange(a, b - 0.15, 0.3), b)
        for start, end in zip(cuts, cuts[1:]):
            add("w", f' starttime="{start:.2f}" endtime="{end:.2f}"', "word")
        add("w", f' starttime="{b:.2f}" endtime="{b:.2f}" punc="true"', ".")
    last_s = spans[-1][1]
    add("vocalsound", f' starttime="{last_s + 0.05:.2f}" endtime="{last_s + 0.25:.2f}" type="laugh"')
    add("w", "", "untimed")
    add("disfmarker", "")
    return f'{XML}<nite:root nite:id="{meeting}.{agent}.words" {NITE}>\n' + "\n".join(lines) + "\n</nite:root>\n"


def write_annotation(folder, meetings):
    """Write words, segments, meetings.xml and participants.xml of {meeting: (seconds, {agent: (person, spans)})}."""
    for name in ("words", "segments", "corpusResources"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    index, people = [], {}
    for meeting, (seconds, agents) in meetings.items():
        index.append(f'  <meeting nite:id="meet_{meeting}" observation="{meeting}" duration="{seconds:.2f}">')
        for place, (agent, (person, spans)) in enumerate(agents.items()):
            index.append(f'    <speaker nite:id="{meeting}_{agent}" channel="{place}" nxt_agent="{agent}" '
                         f'global_name="{person}" role="PM"/>')
            people[person] = f'  <participant nite:id="{person}" sex="F"/>'
            (folder / "words" / f"{meeting}.{agent}.words.xml").write_text(words_xml(meeting, agent, spans))
            rows = "\n".join(f'  <segment nite:id="{meeting}.sync.{n}" transcriber_start="{a:.3f}" '
                             f'transcriber_end="{b:.3f}"/>' for n, (a, b) in enumerate(spans))
            (folder / "segments" / f"{meeting}.{agent}.segments.xml").write_text(
                f'{XML}<nite:root nite:id="{meeting}.{agent}.segs" {NITE}>\n{rows}\n</nite:root>\n')
        index.append("  </meeting>")
    for name, lines in (("meetings", index), ("participants", people.values())):
        text = "\n".join(lines)
        (folder / "corpusResources" / f"{name}.xml").write_text(f"{XML}<nite:root {NITE}>\n{text}\n</nite:root>\n")


def write_ami(folder, people, seconds=60, meetings=("ES2003a", "ES2003b", "ES2003c", "ES2003d")):
    """Write meetings in AMI's layout: Mix-Headset and Array1-01 at 16 kHz, 16 bit, mono, and the manual annotation."""
    table = {}
    for number, meeting in enumerate(meetings):
        samples, turns, _ = talk(people, seconds, 10 + number)
        audio = folder / "amicorpus" / meeting / "audio"
        audio.mkdir(parents=True)
        soundfile.write(audio / f"{meeting}.Mix-Headset.wav", samples, RATE, "PCM_16")
        soundfile.write(audio / f"{meeting}.Array1-01.wav", 0.3 * samples, RATE, "PCM_16")
        names = sorted({who for *_, who in turns})
        agents = {agent: (f"FEE{ord(agent):03d}", [(a, b) for a, b, who in turns if who == name])
                  for agent, name in zip("ABCDE", names)}
        table[meeting] = (len(samples) / RATE, agents)
    write_annotation(folder / "annotations", table)


def main(folder, seconds=60):
    """Write stand-ins of all three corpora: standins.py DIR [seconds of each recording]."""
    folder, environment = Path(folder), dict(os.environ)
    for name in ("Hindi", "Hindi1"):
        write_hindi(folder / name, name, people_of(name, folder / "people" / name, environment), float(seconds))
    write_ami(folder / "AMI", people_of("ami", folder / "people/ami", environment), float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
