"""The binaries that make and change features, run as a user runs them, and their steps."""

import subprocess

import numpy as np
import pytest
import soundfile
from conftest import ROOT

from diarkit.audio import AudioOptions
from diarkit.features.cmvn import Cmvn, CmvnOptions, cmvn_stats
from diarkit.features.deltas import DeltaOptions, Deltas
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.features.mel import Mel, MelOptions
from diarkit.features.mfcc import Mfcc, MfccOptions
from diarkit.features.psf import Psf, PsfOptions
from diarkit.features.spectrogram import Spectrogram, SpectrogramOptions
from diarkit.options import flag, format_value, from_conf
from diarkit.tables import read_matrices

MAKERS = {"compute-fbank-feats.py": (Fbank, FbankOptions,
                                    ["fbank", "fbank_resnet34", "fbank_campplus", "fbank_xvector"]),
          "compute-mfcc-feats.py": (Mfcc, MfccOptions, ["mfcc"]),
          "compute-mel-feats.py": (Mel, MelOptions, ["mel_ge2e", "mel_ecapa"]),
          "compute-psf-feats.py": (Psf, PsfOptions, ["psf", "psf_deepspeaker"]),
          "compute-spectrogram-feats.py": (Spectrogram, SpectrogramOptions, ["spectrogram"])}
OTHERS = {"add-deltas.py": DeltaOptions, "apply-cmvn.py": CmvnOptions}
STEPS = {"make_fbank": "fbank", "make_mfcc": "mfcc", "make_mel": "mel_ge2e", "make_psf": "psf",
         "make_spectrogram": "spectrogram"}
CONFS = [(binary, conf) for binary, (_, _, confs) in MAKERS.items() for conf in confs]


def read(rspecifier):
    return {key: np.array(load()) for key, load in read_matrices(rspecifier)}


@pytest.fixture
def data(tmp_path, speech):
    """Three recordings, a piped one and a stereo one at 8 kHz among them."""
    soundfile.write(tmp_path / "a.wav", speech[:32000], 16000)
    soundfile.write(tmp_path / "b.flac", speech[32000:64000], 16000)
    soundfile.write(tmp_path / "c.wav", np.stack([speech[:16000]] * 2, axis=1), 8000)
    (tmp_path / "wav.scp").write_text("a a.wav\nb cat b.flac |\nc c.wav\n")
    return {"a": tmp_path / "a.wav", "b": tmp_path / "b.flac"}


@pytest.mark.parametrize("binary", [*MAKERS, *OTHERS])
def test_help_lists_every_option_with_its_default(binary, call):
    done = call(binary, "--help")
    classes = [MAKERS[binary][1], AudioOptions] if binary in MAKERS else [OTHERS[binary]]
    assert done.returncode == 0 and f"Usage: {binary}" in done.stdout
    for cls in classes:
        for name, field in cls.__dataclass_fields__.items():
            assert f"{flag(name)}={format_value(field.default)}\n" in done.stdout
            assert field.metadata["help"] in done.stdout


@pytest.mark.parametrize("binary,conf", CONFS)
def test_every_conf_file_gives_the_librarys_features(binary, conf, data, call):
    path = ROOT / "conf/features" / f"{conf}.conf"
    done = call(binary, f"--config={path}", "scp:wav.scp", "ark,scp:f.ark,f.scp")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"{binary} --config=")
    got, cls = read(f"ark:{data['a'].parent}/f.ark"), MAKERS[binary][0]
    options = from_conf(MAKERS[binary][1], path)
    samples = soundfile.read(data["b"], dtype="float32")[0]
    if getattr(options, "target_dbfs", None) is not None:
        level = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
        samples = samples * np.float32(max(10 ** (options.target_dbfs / 20) / level, 1))
    assert list(got) == ["a", "b", "c"] and got["b"].dtype == np.float32
    assert np.allclose(got["b"], cls(options)(samples), rtol=1e-5) and len(got["c"]) == len(got["a"])


def test_the_confs_of_the_networks_say_what_they_were_trained_on():
    frames = dict(frame_length=25.0, frame_shift=10.0, dither=0.0, snip_edges=True, num_mel_bins=80, low_freq=20.0,
                  high_freq=0.0, preemphasis_coefficient=0.97, remove_dc_offset=True, use_log_fbank=True,
                  use_energy=False, use_power=True, round_to_power_of_two=True)
    resnet, campplus = (from_conf(FbankOptions, ROOT / f"conf/features/fbank_{m}.conf")
                        for m in ("resnet34", "campplus"))
    for options in (resnet, campplus):
        assert frames.items() <= vars(options).items()
    assert (resnet.window_type, resnet.sample_scale) == ("hamming", 32768)
    assert (campplus.window_type, campplus.sample_scale) == ("povey", 1)
    assert from_conf(MelOptions, ROOT / "conf/features/mel_ge2e.conf") == MelOptions(target_dbfs=-30.0)


@pytest.mark.parametrize("binary", MAKERS)
def test_one_bad_recording_costs_only_itself(binary, data, tmp_path, call):
    raw = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(raw[:30000])
    (tmp_path / "wav.scp").write_text("a a.wav\nbad cut.wav\nworse cat a.wav; exit 7 |\nb b.flac\n")
    done = call(binary, "scp:wav.scp", "ark,scp:f.ark,f.scp")
    assert done.returncode == 1 and "2 of 4 failed, the others are written" in done.stderr
    assert "bad: cut.wav: cut short" in done.stderr and "worse: the command" in done.stderr
    assert "status 7" in done.stderr and "Traceback" not in done.stderr
    assert [line.split()[0] for line in (tmp_path / "f.scp").read_text().splitlines()] == ["a", "b"]
    assert list(read(f"ark:{tmp_path}/f.ark")) == ["a", "b"]


def test_a_recording_that_breaks_half_way_leaves_no_hole(tmp_path, speech, call):
    """Its first half minute is written by then, and must be taken back."""
    samples = np.resize(speech, 40 * 16000)
    soundfile.write(tmp_path / "whole.wav", samples, 16000, subtype="FLOAT")
    samples[35 * 16000] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, 16000, subtype="FLOAT")
    (tmp_path / "wav.scp").write_text("a whole.wav\nbad nan.wav\nb whole.wav\n")
    done = call("compute-fbank-feats.py", "scp:wav.scp", "ark,scp:f.ark,f.scp")
    assert done.returncode == 1 and "bad: nan.wav: sample at 35.000 s is [nan]" in done.stderr
    archive, copied = read(f"ark:{tmp_path}/f.ark"), call("copy-feats.py", "scp:f.scp", "ark:g.ark")
    assert list(archive) == ["a", "b"] and np.array_equal(archive["a"], archive["b"]) and len(archive["a"]) == 3998
    assert copied.returncode == 0 and (tmp_path / "g.ark").read_bytes() == (tmp_path / "f.ark").read_bytes()


@pytest.mark.parametrize("words,message", [
    (["scp:wav.scp"], "expected <wav-rspecifier> <feats-wspecifier>, got 1"),
    (["--num-mel-bin=40", "scp:wav.scp", "ark:f.ark"], "unknown option --num-mel-bin"),
    (["--snip-edges=maybe", "scp:wav.scp", "ark:f.ark"], "--snip-edges must be true or false"),
    (["--channel=left", "scp:wav.scp", "ark:f.ark"], "--channel must be mix or a number"),
    (["--high-freq=9000", "scp:wav.scp", "ark:f.ark"], "half the sample rate"),
    (["--config=bad.conf", "scp:wav.scp", "ark:f.ark"], "bad.conf:2: unknown option --num-ceps"),
    (["ark:wav.scp", "ark:f.ark"], "must be an scp")])
def test_a_wrong_command_line_is_status_two(words, message, data, tmp_path, call):
    (tmp_path / "bad.conf").write_text("--low-freq=20\n--num-ceps=3\n")
    done = call("compute-fbank-feats.py", *words)
    assert done.returncode == 2 and message in done.stderr and not (tmp_path / "f.ark").exists()


def test_options_reach_the_audio(data, tmp_path, call):
    soundfile.write(tmp_path / "two.wav", np.random.default_rng(0).uniform(-1, 1, (8000, 2)), 8000, subtype="FLOAT")
    (tmp_path / "wav.scp").write_text("two two.wav\n")
    words = ["--channel=2", "--sample-rate", "8000", "scp:wav.scp", "ark:f.ark"]
    assert call("compute-fbank-feats.py", *words).returncode == 0
    right = soundfile.read(tmp_path / "two.wav", dtype="float32")[0][:, 1]
    assert np.allclose(read(f"ark:{tmp_path}/f.ark")["two"], Fbank(FbankOptions(), 8000)(right), rtol=1e-5)


def test_deltas_statistics_and_normalisation(tmp_path, call):
    feats = {k: np.random.default_rng(k == "b").standard_normal((300, 4)).astype(np.float32) + 5 for k in ("a", "b")}
    with open(tmp_path / "f.txt", "w") as file:
        for key, matrix in feats.items():
            file.write(f"{key}  [\n" + "\n".join(" ".join(map(repr, map(float, row))) for row in matrix) + " ]\n")
    for words in (["copy-feats.py", "ark,t:f.txt", "ark,scp:f.ark,f.scp"], ["add-deltas.py", "scp:f.scp", "ark:d.ark"],
                  ["compute-cmvn-stats.py", "ark:f.ark", "ark,scp:s.ark,s.scp"],
                  ["apply-cmvn.py", "--norm-vars=true", "scp:f.scp", "ark:own.ark"],
                  ["apply-cmvn.py", "scp:f.scp", "ark:given.ark", "scp:s.scp"],
                  ["apply-cmvn.py", "--cmn-window=50", "--center=true", "scp:f.scp", "ark:slid.ark"]):
        assert call(*words).returncode == 0, words
    tables = {name: read(f"ark:{tmp_path}/{name}.ark") for name in ("f", "d", "s", "own", "given", "slid")}
    for key, matrix in feats.items():
        assert np.array_equal(tables["f"][key], matrix) and np.array_equal(tables["d"][key], Deltas()(matrix))
        assert np.array_equal(tables["s"][key], cmvn_stats(matrix)) and tables["s"][key].dtype == np.float64
        assert np.array_equal(tables["own"][key], Cmvn(CmvnOptions(norm_vars=True))(matrix))
        assert np.array_equal(tables["given"][key], Cmvn()(matrix))
        assert np.array_equal(tables["slid"][key], Cmvn(CmvnOptions(cmn_window=50, center=True))(matrix))
    (tmp_path / "s.scp").write_text((tmp_path / "s.scp").read_text().splitlines()[0] + "\n")
    done = call("apply-cmvn.py", "scp:f.scp", "ark:given.ark", "scp:s.scp")
    assert done.returncode == 1 and "b: no statistics in scp:s.scp" in done.stderr
    assert call("apply-cmvn.py", "--cmn-window=9", "scp:f.scp", "ark:x.ark", "scp:s.scp").returncode == 2


def test_copying_keeps_numbers_and_goes_through_pipes(tmp_path, call, environment):
    times = np.array([[0.1, 12345.678]])
    (tmp_path / "t.txt").write_text("a  [\n 0.1 12345.678 ]\nnone  [ ]\n")
    assert call("copy-feats.py", "--double=true", "ark,t:t.txt", "ark:t.ark").returncode == 0
    got = read(f"ark:{tmp_path}/t.ark")
    assert np.array_equal(got["a"], times) and got["a"].dtype == np.float64 and got["none"].shape == (0, 0)
    line = "set -o pipefail; copy-feats.py ark:t.ark ark:- | copy-feats.py ark:- ark,t:-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "a  [\n  0.1 12345.678 ]\nnone  [ ]\n"


@pytest.fixture
def recipe(tmp_path, data):
    """A folder as a recipe has it, with three recordings in data/x."""
    for name in ("steps", "utils", "bin", "conf"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "data/x").mkdir(parents=True)
    (tmp_path / "wav.scp").rename(tmp_path / "data/x/wav.scp")
    return tmp_path


@pytest.mark.parametrize("step", ["make_fbank", "make_mel"] + [
    pytest.param(s, marks=pytest.mark.slow) for s in ("make_mfcc", "make_psf", "make_spectrogram")])
def test_steps_make_features_and_keep_their_conf(step, recipe, call):
    done = call(f"steps/{step}.sh", "--nj", "2", "data/x", "exp/f")
    assert done.returncode == 0, done.stderr
    assert (recipe / "exp/f/feats.conf").read_text() == (ROOT / f"conf/features/{STEPS[step]}.conf").read_text()
    keys = [line.split()[0] for line in (recipe / "exp/f/feats.scp").read_text().splitlines()]
    assert keys == ["a", "b", "c"]
    again = call(f"steps/{step}.sh", "--nj", "2", "data/x", "exp/f")
    assert again.returncode == 0 and "up to date" in again.stdout + again.stderr


def test_steps_that_change_features(recipe, call):
    for words in (["make_mfcc", "data/x"], ["compute_cmvn", "exp/make_mfcc"], ["add_deltas", "exp/compute_cmvn"]):
        done = call(f"steps/{words[0]}.sh", words[1], f"exp/{words[0]}")
        assert done.returncode == 0, done.stderr
    copied = call("copy-feats.py", "scp:exp/add_deltas/feats.scp", "ark:all.ark")
    got = read(f"ark:{recipe}/all.ark")
    assert copied.returncode == 0 and [m.shape[1] for m in got.values()] == [39, 39, 39]
    samples = soundfile.read(recipe / "a.wav", dtype="float32")[0]
    feats = Mfcc(from_conf(MfccOptions, ROOT / "conf/features/mfcc.conf"))(samples)
    wanted = Deltas()(Cmvn(from_conf(CmvnOptions, ROOT / "conf/features/cmvn.conf"))(feats))
    assert np.allclose(got["a"], wanted, atol=1e-4)
    assert from_conf(DeltaOptions, ROOT / "conf/features/deltas.conf") == DeltaOptions()
