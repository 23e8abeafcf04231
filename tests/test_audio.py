"""Audio of every container, and every way in which a file can be broken."""

import io
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import soxr

from diarkit.audio import AudioFile, AudioOptions, read_audio
from diarkit.containers import data_chunk
from diarkit.errors import DiarkitError, UsageError

RATE = 16000
FORMATS = [("wav", s) for s in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW")] + [
    ("wavex", "PCM_16"), ("rf64", "PCM_16"), ("w64", "PCM_16"), ("flac", "PCM_16"), ("flac", "PCM_24"),
    ("aiff", "PCM_16"), ("au", "PCM_16"), ("au", "ULAW"), ("nist", "PCM_16"), ("caf", "PCM_16"),
    ("ogg", "VORBIS"), ("ogg", "OPUS"), ("mp3", "MPEG_LAYER_III")]
LOSSY = {"PCM_U8": 0.02, "ALAW": 0.03, "ULAW": 0.03, "VORBIS": 0.2, "OPUS": 0.3, "MPEG_LAYER_III": 0.2}


@pytest.fixture
def wave(tmp_path, speech):
    """A whole 16-bit WAV of three seconds: path and samples."""
    path = tmp_path / "whole.wav"
    soundfile.write(path, speech[:3 * RATE], RATE, subtype="PCM_16")
    return path, read_audio(str(path))


def patched(path, name, where, value):
    """Write a copy of a WAV with one 32-bit number changed: `data` or `RIFF` size."""
    raw = bytearray(path.read_bytes())
    at = raw.index(where) + 4
    raw[at:at + 4] = struct.pack("<I", value)
    (path.parent / name).write_bytes(raw)
    return path.parent / name


def fails(entry, *words, options=None):
    """Assert that reading fails with a message that names the entry and every word."""
    with pytest.raises(DiarkitError) as caught:
        read_audio(str(entry), options)
    for word in (str(entry), *words):
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize("container,subtype", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_container(container, subtype, channels, tmp_path, speech):
    samples = speech[:2 * RATE]
    path = tmp_path / f"a.{container}"
    soundfile.write(path, np.stack([samples] * channels, axis=1), RATE, format=container.upper(), subtype=subtype)
    file, got = AudioFile(str(path)), read_audio(str(path))
    assert (file.sample_rate, file.channels, file.duration_s) == (RATE, channels, 2.0)
    assert got.dtype == np.float32 and len(got) == len(samples)
    assert np.abs(got - samples).max() < LOSSY.get(subtype, 1e-4)
    assert np.corrcoef(got, samples)[0, 1] > 0.95


def test_channels_are_mixed_or_chosen(tmp_path):
    left, right = (np.random.default_rng(k).uniform(-0.9, 0.9, 5000).astype(np.float32) for k in (0, 1))
    path = str(tmp_path / "two.wav")
    soundfile.write(path, np.stack([left, right], axis=1), RATE, subtype="FLOAT")
    assert np.allclose(read_audio(path), (left + right) / 2, atol=1e-7)
    assert np.array_equal(read_audio(path, AudioOptions(channel="1")), left)
    assert np.array_equal(read_audio(path, AudioOptions(channel="2")), right)
    fails(path, "channel 3", "the file has 2", options=AudioOptions(channel="3"))


@pytest.mark.parametrize("channel", ["0", "left", "-1", "1.5", ""])
def test_a_channel_that_is_none_is_a_usage_error(channel):
    with pytest.raises(UsageError, match="--channel"):
        AudioOptions(channel=channel)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
@pytest.mark.parametrize("block_s", [0.013, 1.0, 30.0])
def test_resampling_in_blocks_is_resampling_at_once(rate, block_s, tmp_path, speech):
    path = str(tmp_path / "a.wav")
    soundfile.write(path, speech[:rate], rate, subtype="FLOAT")
    wanted = soxr.resample(speech[:rate], rate, RATE)
    blocks = list(AudioFile(path).blocks(block_s))
    assert np.array_equal(np.concatenate(blocks), wanted) and all(b.ndim == 1 and len(b) for b in blocks)
    assert abs(len(wanted) - RATE) <= 1 and AudioFile(path).duration_s == 1.0


@pytest.mark.parametrize("count", [1, 2, 7, 400])
def test_a_few_samples_at_eight_kilohertz_stereo(count, tmp_path, speech):
    path = str(tmp_path / "a.wav")
    soundfile.write(path, np.stack([speech[:count]] * 2, axis=1), 8000, subtype="FLOAT")
    assert len(read_audio(path)) == 2 * count
    assert AudioFile(path).duration_s == count / 8000


def test_a_file_may_be_read_again_and_in_two_places_at_once(wave):
    file = AudioFile(f"cat {wave[0]} |")
    first, second = file.blocks(0.5), file.blocks(0.25)
    mixed = [(next(first), next(second)) for _ in range(4)]
    assert np.array_equal(mixed[3][0], wave[1][24000:32000]) and np.array_equal(mixed[3][1], wave[1][12000:16000])
    assert np.array_equal(np.concatenate(list(file.blocks())), wave[1])


def test_float_samples_beyond_one_are_kept(tmp_path):
    path = str(tmp_path / "loud.wav")
    soundfile.write(path, np.array([0.5, 3.0, -2.5], np.float32), RATE, subtype="FLOAT")
    assert read_audio(path).tolist() == [0.5, 3.0, -2.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_first_sample_that_is_no_number_is_named(bad, channels, tmp_path, speech):
    samples = np.stack([speech[:70 * RATE // 10]] * channels, axis=1)
    samples[2 * RATE + 160, -1] = samples[-1] = bad
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    fails(path, "2.010 s", str(bad))
    with pytest.raises(DiarkitError, match="2.010 s"):
        list(AudioFile(str(path)).blocks(0.3))


def test_huge_float_samples_are_finite(tmp_path):
    """Their squares are not: the quick check must not be the last word."""
    path = str(tmp_path / "huge.wav")
    soundfile.write(path, np.full(100, 1e30, np.float32), RATE, subtype="FLOAT")
    assert (read_audio(path) == np.float32(1e30)).all()


def test_files_that_are_no_audio(tmp_path):
    fails(tmp_path / "missing.wav", "No such file", "Check the path")
    (tmp_path / "empty.wav").touch()
    fails(tmp_path / "empty.wav", "0 bytes")
    (tmp_path / "text.wav").write_text("version https://example.org/pointer\noid 1\n")
    fails(tmp_path / "text.wav", "it is text", "version https://example.org/pointer")
    (tmp_path / "noise.wav").write_bytes(bytes(range(256)) * 9)
    fails(tmp_path / "noise.wav", "cannot be opened as audio", "ffmpeg")
    fails(tmp_path, "Is a directory")
    soundfile.write(tmp_path / "none.wav", np.zeros(0, np.float32), RATE)
    fails(tmp_path / "none.wav", "no samples")


@pytest.mark.parametrize("container", ["wav", "wavex", "rf64", "aiff", "au", "nist"])
def test_a_cut_file_names_both_numbers(container, tmp_path, speech):
    samples = np.stack([speech[:RATE]] * 2, axis=1)
    soundfile.write(tmp_path / "w", samples, RATE, format=container.upper(), subtype="PCM_16")
    raw = (tmp_path / "w").read_bytes()
    head = len(raw) - 4 * RATE
    (tmp_path / "cut").write_bytes(raw[:head + 4 * 10000])
    fails(tmp_path / "cut", "announces 16000 samples", "the file has 10000")
    fails(f"cat {tmp_path / 'cut'} |", "announces 16000 samples")


def test_a_big_endian_wave(tmp_path, wave):
    soundfile.write(tmp_path / "x.wav", wave[1], RATE, subtype="PCM_16", endian="BIG")
    raw = (tmp_path / "x.wav").read_bytes()
    assert raw[:4] == b"RIFX" and np.array_equal(read_audio(str(tmp_path / "x.wav")), wave[1])
    (tmp_path / "y.wav").write_bytes(raw[:-20000])
    fails(tmp_path / "y.wav", "announces 48000 samples", "the file has 38000")


def test_a_cut_flac_says_where(tmp_path, speech):
    soundfile.write(tmp_path / "a.flac", np.tile(speech, 20)[:100 * RATE], RATE)
    raw = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(raw[:len(raw) * 2 // 3])
    fails(tmp_path / "cut.flac", "broken near", "announces 1600000", "Copy the file again")


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFDB])
@pytest.mark.parametrize("riff", [0, 0xFFFFFFFF, None])
def test_a_streamed_wave_goes_up_to_its_end(size, riff, wave):
    path = patched(wave[0], "s.wav", b"data", size)
    if riff is not None:
        path = patched(path, "r.wav", b"RIFF", riff)
    assert np.array_equal(read_audio(str(path)), wave[1]) and AudioFile(str(path)).duration_s == 3.0
    assert np.array_equal(read_audio(f"cat {path} |"), wave[1])


def test_an_empty_data_chunk_before_another_chunk_is_empty(wave):
    path = patched(wave[0], "e.wav", b"data", 0)
    raw = path.read_bytes()
    at = raw.index(b"data") + 8
    path.write_bytes(raw[:at] + b"LIST\4\0\0\0INFO")
    fails(path, "no samples")


def test_chunks_before_and_after_the_samples(wave):
    raw, note = wave[0].read_bytes(), b"note\3\0\0\0abc\0"
    at = raw.index(b"data")
    wave[0].write_bytes(raw[:at] + note + raw[at:] + note)
    assert np.array_equal(read_audio(str(wave[0])), wave[1])
    assert data_chunk(wave[0]).announced_b == 96000 and data_chunk(wave[0]).present_b == 96012


@pytest.mark.parametrize("keep", range(12, 60, 4))
def test_a_wave_cut_inside_its_header_never_passes(keep, wave):
    wave[0].write_bytes(wave[0].read_bytes()[:keep])
    fails(wave[0])


def test_pipes(wave, tmp_path):
    assert np.array_equal(read_audio(f"cat {wave[0]} |"), wave[1])
    assert np.array_equal(read_audio(f" cat '{wave[0]}' | cat | "), wave[1])
    for command, words in ((f"cat {wave[0]}; exit 3 |", "status 3"), (f"false | cat {wave[0]} |", "status 1"),
                           ("cat no.wav |", "No such file"), ("nosuchprogram |", "status 127"),
                           ("kill -9 $$ |", "status")):
        with pytest.raises(DiarkitError, match=words) as caught:
            read_audio(command)
        assert command.rstrip(" |") in str(caught.value)
    fails("true |", "0 bytes")
    fails("echo hello |", "it is text", "hello")
    fails(f"head -c 20000 {wave[0]} |", "announces 48000")


def test_a_pipe_leaves_no_temporary_file(wave, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    assert np.array_equal(read_audio(f"cat {wave[0]} |"), wave[1])
    with pytest.raises(DiarkitError):
        read_audio("false |")
    assert not list((tmp_path / "t").iterdir())


def test_ten_hours_need_little_memory(tmp_path):
    """A sparse WAV of ten hours, 1.15 GB of samples, read with 700 MB of address space beyond the libraries'."""
    path, size = tmp_path / "long.wav", 36000 * RATE * 2
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    path.write_bytes(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size))
    os.truncate(path, 44 + size)
    code = ("import resource, sys; from diarkit.audio import AudioFile\n"
            "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
            "resource.setrlimit(resource.RLIMIT_AS, (used + 700 * 2 ** 20,) * 2)\n"
            "file = AudioFile(sys.argv[1]); print(sum(map(len, file.blocks())), file.duration_s)")
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stdout.split() == [str(36000 * RATE), "36000.0"], done.stderr


def test_a_wav_within_an_archive_is_read_as_kaldi_writes_it(tmp_path):
    samples = np.random.default_rng(0).integers(-9000, 9000, (2, 4000)).astype(np.int16)
    places = []
    with open(tmp_path / "wav.ark", "wb") as ark:
        for key, sound in zip("ab", samples):
            ark.write(f"{key} ".encode())
            places.append(ark.tell())
            soundfile.write(held := io.BytesIO(), sound, 16000, format="WAV")
            ark.write(held.getvalue())
    for place, sound in zip(places, samples):
        assert np.array_equal(read_audio(f"{tmp_path}/wav.ark:{place}") * 32768, sound)
    with pytest.raises(DiarkitError, match=f"wav.ark:{places[1] + 1}: no WAV begins at byte {places[1] + 1}"):
        read_audio(f"{tmp_path}/wav.ark:{places[1] + 1}")
