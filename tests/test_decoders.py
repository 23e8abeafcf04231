"""Recordings as people have them: every container FFmpeg writes, MP3 of every kind, joined, cut and dirty files."""

import io
import struct

import av
import numpy as np
import pytest
import soundfile

from diarkit.audio import AudioFile, AudioOptions, read_audio
from diarkit.decoders.kinds import frame_of, is_chained, kind_of
from diarkit.errors import DiarkitError

RATE = 16000
CONTAINERS = {  # suffix: format, codec, rate, correlation that is left of the sound
    "m4a": ("ipod", "aac", 16000, .98), "mp4": ("mp4", "aac", 16000, .98), "mov": ("mov", "aac", 16000, .98),
    "mkv": ("matroska", "aac", 16000, .98), "webm": ("webm", "libopus", 48000, .95), "aac": ("adts", "aac", 16000, .98),
    "wma": ("asf", "wmav2", 16000, .98), "3gp": ("3gp", "aac", 16000, .98), "mp3": ("mp3", "libmp3lame", 16000, .98),
    "mka": ("matroska", "flac", 16000, .999)}


def encode(path, samples, form, codec, rate=RATE, **options):
    """Write samples at 16 kHz by FFmpeg's encoder; options: of the container."""
    with av.open(str(path), "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 48000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(format=stream.codec_context.format.name, layout="mono", rate=rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def likeness(found, wanted, most=3000):
    """Return the highest correlation of two sounds when one is moved by up to `most` samples: encoders delay."""
    size = 1 << int(np.ceil(np.log2(len(found) + len(wanted))))
    product = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(wanted, size)))
    return max(product[:most].max(), product[-most:].max()) / np.linalg.norm(found) / np.linalg.norm(wanted)


@pytest.fixture(scope="module")
def talk(speech):
    return speech[:10 * RATE]


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_every_container_is_read_to_its_end(suffix, talk, tmp_path):
    form, codec, rate, least = CONTAINERS[suffix]
    path = encode(tmp_path / f"a.{suffix}", talk, form, codec, rate)
    file = AudioFile(str(path))
    found = read_audio(str(path))
    assert abs(len(found) - len(talk)) < 0.15 * RATE and abs(file.duration_s - len(found) / RATE) < 1e-3
    assert likeness(found, talk) > least
    renamed = path.rename(tmp_path / "b.wav")
    assert np.array_equal(read_audio(str(renamed)), found)
    assert np.array_equal(np.concatenate(list(AudioFile(str(renamed)).blocks(0.7))), found)


def test_a_film_gives_its_first_track_or_another(talk, tmp_path):
    with av.open(str(tmp_path / "film.mkv"), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)]
        for stream, samples in zip(streams, (talk, talk[::-1])):
            frame = av.AudioFrame.from_ndarray(np.int16(samples[None] * 32767), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            container.mux([*stream.encode(frame), *stream.encode(None)])
    entry = str(tmp_path / "film.mkv")
    assert likeness(read_audio(entry), talk) > .99
    assert likeness(read_audio(entry, AudioOptions(track=2)), talk[::-1]) > .99
    with pytest.raises(DiarkitError, match="track 3 is asked for, it has 2"):
        AudioFile(entry, AudioOptions(track=3))


@pytest.mark.parametrize("suffix, form", [("mp3", "MP3"), ("ogg", "OGG"), ("opus", "OGG"), ("flac", "FLAC")])
def test_joined_files_are_read_whole(suffix, form, talk, tmp_path):
    halves = []
    for part in np.split(talk, 2):
        soundfile.write(tmp_path / f"half.{suffix}", part, RATE, format=form,
                        subtype="OPUS" if suffix == "opus" else None)
        halves.append((tmp_path / f"half.{suffix}").read_bytes())
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(b"".join(halves))
    kind = "ogg" if suffix == "opus" else suffix
    assert kind_of(path) == kind and is_chained(path, kind) == (kind != "mp3")
    found = read_audio(str(path))
    assert abs(len(found) - len(talk)) < 0.2 * RATE
    assert likeness(found[:len(talk) // 2], talk[:len(talk) // 2]) > .9  # halves: encoders leave a gap at the joint
    assert likeness(found[-len(talk) // 2:], talk[len(talk) // 2:]) > .9
    assert not is_chained(tmp_path / f"half.{suffix}", kind)


def vbr_mp3(talk, path, header):
    """Write an MP3 of variable rate, loud first and then silent, with or without a Xing header."""
    sound = np.concatenate([talk, np.zeros(len(talk), np.float32)])
    options = {"write_xing": str(int(header)), "id3v2_version": "0"}
    with av.open(str(path), "w", format="mp3", options=options) as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono", options={"q": "4"})
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        out.mux([*stream.encode(frame), *stream.encode(None)])
    return len(sound)


@pytest.mark.parametrize("header", [True, False])
def test_an_mp3_of_variable_rate_is_read_whole(header, talk, tmp_path):
    count = vbr_mp3(talk, tmp_path / "v.mp3", header)
    assert abs(len(read_audio(str(tmp_path / "v.mp3"))) - count) < 0.15 * RATE
    assert AudioFile(str(tmp_path / "v.mp3")).duration_s == pytest.approx(count / RATE, abs=.15)


def test_a_cut_mp3_is_refused_where_its_header_tells_and_read_when_asked(talk, tmp_path):
    vbr_mp3(np.tile(talk, 2), tmp_path / "v.mp3", True)
    raw = (tmp_path / "v.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(raw[:len(raw) // 2])
    entry = str(tmp_path / "cut.mp3")
    with pytest.raises(DiarkitError, match=r"cut short: the header announces 40.\d s, \d+.\d s are there. .*--damaged"):
        read_audio(entry)
    found = read_audio(entry, AudioOptions(damaged="read"))
    assert 5 * RATE < len(found) < 30 * RATE and likeness(found, np.tile(talk, 2)[:len(found)]) > .95


def test_dirt_in_an_mp3_is_passed_over_at_the_end_and_named_in_the_middle(talk, tmp_path):
    raw = encode(tmp_path / "a.mp3", talk, "mp3", "libmp3lame").read_bytes()
    clean = read_audio(str(tmp_path / "a.mp3"))
    for name, dirt in (("zeros", bytes(4096)), ("tag", b"TAG" + b"a" * 125)):
        (tmp_path / f"{name}.mp3").write_bytes(raw + dirt)
        found = read_audio(str(tmp_path / f"{name}.mp3"))
        assert abs(len(found) - len(clean)) < .1 * RATE and np.array_equal(found[:159000], clean[:159000]), name
    noise = np.random.default_rng(0).integers(0, 128, 3000, np.uint8).tobytes()
    (tmp_path / "dirty.mp3").write_bytes(raw[:len(raw) // 2] + noise + raw[len(raw) // 2:])
    with pytest.raises(DiarkitError, match=r"dirty.mp3: broken at (4\.[6-9]|5\.[0-3]) s: .*ffmpeg -i FILE new.wav"):
        read_audio(str(tmp_path / "dirty.mp3"))
    found = read_audio(str(tmp_path / "dirty.mp3"), AudioOptions(damaged="read"))
    assert abs(len(found) - len(clean)) < 0.3 * RATE


def test_a_stream_of_flac_without_a_length(talk, tmp_path):
    soundfile.write(tmp_path / "a.flac", talk, RATE)
    raw = bytearray((tmp_path / "a.flac").read_bytes())
    raw[21] &= 0xF0  # the 36 bits of the number of samples (RFC 9639, section 8.2)
    raw[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(raw)
    assert np.array_equal(read_audio(str(tmp_path / "piped.flac")), read_audio(str(tmp_path / "a.flac")))


def test_mp3_inside_wav(talk, tmp_path):
    mp3 = encode(tmp_path / "a.mp3", talk, "mp3", "libmp3lame", write_xing="0", id3v2_version="0").read_bytes()
    head = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE, 4000, 1, 0, 12, 1, 2, 576, 1, 1393)
    fact = b"fact" + struct.pack("<II", 4, len(talk) + 1105)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + fact + b"data" + struct.pack("<I", len(mp3)) + mp3
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert likeness(read_audio(str(tmp_path / "a.wav")), talk) > .95


@pytest.mark.parametrize("told", [.5, .25, .01])
def test_a_wave_that_holds_more_than_it_announces_is_read_to_its_end(told, talk, tmp_path):
    soundfile.write(tmp_path / "a.wav", talk, RATE, subtype="PCM_16")
    raw = (tmp_path / "a.wav").read_bytes()
    at = raw.index(b"data") + 4
    size = int(len(talk) * told) * 2
    (tmp_path / "half.wav").write_bytes(raw[:at] + struct.pack("<I", size) + raw[at + 4:])
    assert np.array_equal(read_audio(str(tmp_path / "half.wav")), read_audio(str(tmp_path / "a.wav")))
    assert AudioFile(str(tmp_path / "half.wav")).duration_s == 10.0


def test_sphere_that_is_compressed_is_named_with_the_cure(tmp_path):
    lines = "NIST_1A\n   1024\nsample_count -i 96000\nsample_n_bytes -i 1\nchannel_count -i 2\nsample_rate -i 8000\n" \
            "sample_coding -s26 ulaw,embedded-shorten-v2.00\nend_head\n"
    (tmp_path / "a.sph").write_bytes(lines.encode().ljust(1024) + bytes(3000))
    with pytest.raises(DiarkitError, match=r"a.sph: compressed SPHERE \(ulaw,embedded.*sph2pipe -f wav -p FILE"):
        AudioFile(str(tmp_path / "a.sph"))


def test_an_ogg_file_that_ends_inside_a_page_is_cut(talk, tmp_path):
    soundfile.write(tmp_path / "a.ogg", talk, RATE)
    raw = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "cut.ogg").write_bytes(raw[:len(raw) * 2 // 3])
    with pytest.raises(DiarkitError, match="cut short: [0-9]+ bytes of its last page are missing"):
        AudioFile(str(tmp_path / "cut.ogg"))
    assert len(read_audio(str(tmp_path / "cut.ogg"), AudioOptions(damaged="read"))) > 3 * RATE


def test_pictures_and_films_without_sound_are_no_recordings(tmp_path):
    with av.open(str(tmp_path / "silent.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DiarkitError, match="it has no sound, only video"):
        AudioFile(str(tmp_path / "silent.mp4"))


def test_the_first_bytes_tell_the_kind(tmp_path, talk):
    for data, kind in ((b"", ""), (b"\xff\xfb\x90\x00", "mp3"), (b"ID3\4\0\0\0\0\0\5abcde\xff\xfb\x90\x00", "mp3"),
                       (b"\xff\xf1\x50\x80", "aac"), (b"RIFFabcdWAVE", "wave"), (b"hello", "")):
        (tmp_path / "x").write_bytes(data)
        assert kind_of(tmp_path / "x") == kind, data
    assert frame_of(b"\xff\xfb\x90\x00") == (417, 1152, 44100) and frame_of(b"\xff\xff\xff\xff") is None
    buffer = io.BytesIO()
    soundfile.write(buffer, talk[:1600], RATE, format="AIFF")
    (tmp_path / "x").write_bytes(buffer.getvalue())
    assert kind_of(tmp_path / "x") == "aiff"
