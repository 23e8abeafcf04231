"""Simulated conversations on disk: the step, its jobs, a kill in between, the reference, and what is wrong said."""

import contextlib
import hashlib
import os
import signal
import subprocess
import time

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from voices import RATE, speaker_folder

from diarkit.errors import DiarkitError
from diarkit.simulate import AcousticOptions, ConversationOptions, Pool, simulate

STEP = "steps/simulate_conversations.sh"
CONF = "--max-speakers=3\n--noise=pink,white,babble\n--codecs=ulaw,mp3,gsm\n--codec-share=0.5\n--narrow-share=0.3\n"
FILES = ("reco2dur", "ref.rttm", "ref.uem", "reco2num_spk", "conditions.tsv", "statistics.tsv",
         "statistics.txt")
MODEL = str(ROOT / "conf/simulate/turn_taking_meeting.json")


@pytest.fixture
def recipe(tmp_path):
    """A recipe's folder with links to the rooms, a conf of its own and speakers made by the test."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    (tmp_path / "conf/simulate").mkdir(parents=True)
    (tmp_path / "conf/simulate/simulate.conf").write_text(CONF)
    (tmp_path / "conf/simulate/turn_taking_meeting.json").symlink_to(MODEL)
    speaker_folder(tmp_path / "speakers")
    return tmp_path


def sums(folder):
    """{name: sha256} of all that a simulation leaves, but for wav.scp, in which its own folder stands."""
    names = [*FILES, *sorted(f"audio/{p.name}" for p in (folder / "audio").iterdir())]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def kill_job(folder):
    """Kill -9 the one simulate-conversations.py that works in a folder of this test."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if os.readlink(f"/proc/{name}/cwd") == str(folder) and any(
                    word.endswith(b"/simulate-conversations.py") for word in words[:3]):
                os.kill(int(name), signal.SIGKILL)
                return
    raise AssertionError("no job is running")


def energy_db(samples, rate, span):
    piece = samples[round(span[0] * rate):round(span[1] * rate)]
    return 10 * np.log10(np.mean(piece ** 2) + 1e-12)


def test_the_number_of_jobs_changes_nothing_and_the_result_is_a_data_directory(call, recipe):
    words = ("--num", "5", "--duration", "20", "--seed", "4")
    for nj, out in (("1", "one"), ("3", "two")):
        done = call(STEP, *words, "--nj", nj, "speakers", out)
        assert done.returncode == 0, done.stderr
    first, second = sums(recipe / "one"), sums(recipe / "two")
    assert first == second and len([n for n in first if n.startswith("audio/")]) == 5
    valid = call("validate_data_dir.py", "one")
    assert valid.returncode == 0 and "no problems" in valid.stderr, valid.stderr
    conditions = (recipe / "one/conditions.tsv").read_text().splitlines()
    assert conditions[0].split("\t") == ["recording", "group", "speakers", "room", "noise", "snr_db", "codec", "band"]
    assert len({line.split("\t")[4] for line in conditions[1:]}) > 1, "all conversations drew the same noise"
    assert "5 conversations" in (recipe / "one/statistics.txt").read_text()
    again = call(STEP, *words, "speakers", "one")
    assert again.returncode == 0 and "is up to date" in again.stderr


def test_more_conversations_leave_the_others_as_they_are_and_another_seed_none(call, recipe):
    pool = Pool(str(recipe / "speakers"))
    def made(seed, number):
        return simulate(pool, number, ConversationOptions(duration=5.0, seed=seed, turn_taking=MODEL),
                        AcousticOptions())
    assert np.array_equal(made(1, 7).samples, made(1, 7).samples) and made(1, 7).turns == made(1, 7).turns
    assert not np.array_equal(made(1, 7).samples[:1000], made(2, 7).samples[:1000])
    assert not np.array_equal(made(1, 7).samples[:1000], made(1, 8).samples[:1000])


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(call, recipe, environment):
    words = [STEP, "--num", "8", "--duration", "100", "--nj", "1", "speakers", "killed"]
    step = subprocess.Popen(words, cwd=recipe, env=environment, stderr=subprocess.DEVNULL)
    audio, deadline = recipe / "killed/audio", time.monotonic() + 60
    while not audio.exists() or len(list(audio.glob("conv*.flac"))) < 2:
        assert step.poll() is None and time.monotonic() < deadline, "it ended before it could be killed"
        time.sleep(0.02)
    kill_job(recipe)
    assert step.wait() != 0
    kept = {path: path.stat().st_mtime_ns for path in audio.glob("conv*.flac")}
    assert 2 <= len(kept) < 8, "nothing was left to do"
    done = call(*words)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items()), "what was finished was made again"
    assert not list(audio.glob(".*"))
    whole = call(*words[:-1], "whole")
    assert whole.returncode == 0 and sums(recipe / "killed") == sums(recipe / "whole")


def test_another_utterance_makes_all_of_them_anew(call, recipe):
    words = (STEP, "--num", "2", "--duration", "5", "--nj", "1", "speakers", "out")
    assert call(*words).returncode == 0
    audio = recipe / "out/audio"
    before, whens = sums(recipe / "out"), {path: path.stat().st_mtime_ns for path in audio.iterdir()}
    for path in (recipe / "speakers").glob("*.wav"):
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples[::-1], rate)
    done = call(*words)
    assert done.returncode == 0 and "names files of another size or time" in done.stderr, done.stderr
    assert all(path.stat().st_mtime_ns > when for path, when in whens.items()) and sums(recipe / "out") != before


def test_a_binary_run_by_hand_does_not_take_what_other_options_made(call, recipe):
    (recipe / "conversations").write_text("c 0\n")
    words = ("simulate-conversations.py", f"--turn-taking={MODEL}", "--duration=5", "speakers", "conversations", "out")
    assert call(*words).returncode == 0
    first, when = (recipe / "out/audio/c.flac").read_bytes(), (recipe / "out/audio/c.flac").stat().st_mtime_ns
    assert call(*words).returncode == 0 and (recipe / "out/audio/c.flac").stat().st_mtime_ns == when
    assert call(*words, "--seed=1").returncode == 0 and (recipe / "out/audio/c.flac").read_bytes() != first
    assert (recipe / "out/wav.scp").read_text() == "c out/audio/c.flac\n"


@pytest.mark.parametrize("scheme", ["landini", "fujita", "deck"])
@pytest.mark.parametrize("rooms", ["none", "image"])
def test_the_reference_lies_where_the_sound_is(tmp_path, scheme, rooms):
    if rooms == "image":
        pytest.importorskip("pyroomacoustics", reason="rooms by the image method need requirements-simulate.txt")
    pool = Pool(str(speaker_folder(tmp_path)))
    talk = ConversationOptions(scheme=scheme, duration=40.0, turn_taking=MODEL, max_speakers=3)
    sound = AcousticOptions(min_snr_db=60.0, max_snr_db=60.0, rooms=rooms, min_rt60=0.2, max_rt60=0.2, gain_db=0.0)
    made = simulate(pool, 0, talk, sound)
    assert np.abs(made.samples).max() <= 0.9 + 1e-5 and made.samples.dtype == np.float32
    frames, spoken = len(made.samples) // 160, np.zeros(len(made.samples) // 160, bool)
    for start_s, end_s, _ in made.turns:
        assert 0 <= start_s < end_s <= len(made.samples) / RATE
        spoken[round(start_s * 100):round(end_s * 100)] = True
    power = (made.samples[:frames * 160].reshape(frames, 160) ** 2).mean(axis=1)
    heard = power > np.median(power[spoken]) * 10 ** -2.3
    assert heard[spoken].mean() > 0.9, "there is silence where the reference has speech"
    echo = 0.25 if rooms == "image" else 0.05  # seconds that a room may go on after the reference has ended
    late = np.convolve(spoken, np.ones(round(echo * 100) + 1))[:frames] > 0
    assert heard[~late].mean() < 0.05, "there is speech where the reference has none"
    onsets = [a for a, _, _ in made.turns if a > 0.5 and not spoken[round(a * 100) - 30:round(a * 100) - 1].any()]
    assert onsets
    for a in onsets:
        before, after = (energy_db(made.samples, RATE, (a + x, a + y)) for x, y in ((-0.1, -0.04), (0.03, 0.1)))
        assert after > before + 8, f"the turn at {a:.2f} s does not start there"


def test_speed_makes_other_voices(tmp_path):
    pool = Pool(str(speaker_folder(tmp_path, ("ann", "bob"))))
    talk = ConversationOptions(scheme="deck", duration=20.0, speeds="0.9,1.1", max_speakers=2)
    made = simulate(pool, 0, talk, AcousticOptions())
    assert {who for _, _, who in made.turns} <= {f"{n}-sp{s}" for n in ("ann", "bob") for s in ("0.9", "1.1")}
    slow, fast = (len(pool.load("ann-0", speed).samples) for speed in (0.9, 1.1))
    assert slow / fast == pytest.approx(1.1 / 0.9, rel=1e-3)


def test_a_conversation_stays_within_one_group(tmp_path):
    folder = speaker_folder(tmp_path)
    (folder / "utt2group").write_text("".join(
        f"{line.split()[0]} {'x' if line.split()[1] in ('ann', 'bob') else 'y'}\n"
        for line in (folder / "utt2spk").read_text().splitlines()))
    talk = ConversationOptions(scheme="deck", duration=5.0, max_speakers=2)
    for balance in ("speakers", "groups"):
        casts = {frozenset(who for _, _, who in simulate(Pool(folder), n, ConversationOptions(
            scheme="deck", duration=5.0, max_speakers=2, balance=balance), AcousticOptions()).turns) for n in range(8)}
        assert casts == {frozenset(("ann", "bob")), frozenset(("eve", "dan"))}
    with pytest.raises(DiarkitError, match=r"3 speakers are asked for, there are at most 2 in one group \(2 groups\)"):
        simulate(Pool(folder), 0, ConversationOptions(scheme="deck", max_speakers=3), AcousticOptions())
    assert simulate(Pool(folder, same_group=False), 0, talk, AcousticOptions()).conditions["group"] == "all"


def broken(folder):
    (folder / "eve-1.flac").write_bytes(b"no audio")


@pytest.mark.parametrize("spoil, said", [
    (lambda f: (f / "wav.scp").write_text(""), "speakers/wav.scp: no utterances"),
    (lambda f: (f / "utt2spk").open("a").write("zoe-0 zoe\n"), "1 speakers have no utterance in wav.scp, such as zoe"),
    (lambda f: (f / "utt2spk").write_text("ann-0 ann\n"), "11 utterances of wav.scp are not here, such as ann-1"),
    (lambda f: speaker_folder(f, ("ann", "bob")), "3 speakers are asked for, there are at most 2. Lower"),
    (broken, "eve-1: ")])
def test_what_is_wrong_with_the_speakers_is_said(call, recipe, spoil, said):
    spoil(recipe / "speakers")
    done = call(STEP, "--num", "3", "--nj", "1", "--duration", "60", "speakers", "out")
    log = recipe / "out/log/simulate.1.log"
    words = done.stderr + (log.read_text() if log.exists() else "")
    assert done.returncode != 0 and said in words and "Traceback" not in words, words
    assert not (recipe / "out/wav.scp").exists() and not (recipe / "out/.done").exists()


def test_real_speech(tmp_path, conversations):
    table = conversations.parent / "speech" / "utterances.tsv"
    if not table.exists():
        pytest.skip(f"no real speech: {table} is absent")
    folder = table.parent / "librispeech_train_clean_5"
    files = [f for d in sorted(folder.iterdir())[:4] for f in sorted(d.glob("*.opus"))[:3]]
    (tmp_path / "wav.scp").write_text("".join(f"{f.parent.name}-{f.stem} {f}\n" for f in files))
    (tmp_path / "utt2spk").write_text("".join(f"{f.parent.name}-{f.stem} {f.parent.name}\n" for f in files))
    talk = ConversationOptions(duration=60.0, min_speakers=4, max_speakers=4, turn_taking=MODEL)
    made = simulate(Pool(tmp_path), 1, talk, AcousticOptions(min_snr_db=40.0, max_snr_db=40.0))
    spoken = np.zeros(len(made.samples) // 160, bool)
    for start_s, end_s, _ in made.turns:
        spoken[round(start_s * 100):round(end_s * 100)] = True
    power = (made.samples[:len(spoken) * 160].reshape(-1, 160) ** 2).mean(axis=1)
    assert power[spoken].mean() > 300 * power[~spoken].mean() and len({who for _, _, who in made.turns}) == 4


def test_halves_of_a_folder_of_speech_share_nobody(call, tmp_path):
    rows = [f"{s}/{n}.opus\t{s}\t{c}\t{n + 1}.0" for c in ("x", "y") for s in (f"{c}{i}" for i in range(20))
            for n in range(6)]
    (tmp_path / "utterances.tsv").write_text("\n".join(["path\tspeaker\tcorpus\tseconds", *rows]) + "\n")
    def speakers(*words):
        done = call("select-utterances.py", *words, ".", "out")
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / "out/utt2spk").read_text().splitlines()
        return {line.split()[1] for line in lines}, len(lines)
    (tune, _), (test, _), (everyone, _) = speakers("--half=tune"), speakers("--half=test"), speakers("--half=all")
    assert tune and test and not tune & test and tune | test == everyone and len(everyone) == 40
    assert {name[0] for name in speakers("--half=all", "--exclude=x")[0]} == {"y"}
    assert speakers("--half=all", "--corpora=x", "--min-seconds=3", "--max-speaker-seconds=7")[1] == 40
    assert call("select-utterances.py", "--min-speaker-seconds=99", ".", "none").returncode == 1
