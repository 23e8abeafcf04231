"""Which decoder reads a file to its end."""

import soundfile

from diarkit.containers import data_chunk
from diarkit.decoders.kinds import announced_mp3, is_chained, kind_of, ogg_missing
from diarkit.decoders.libsndfile import Sndfile
from diarkit.decoders.pyav import PyAv
from diarkit.errors import DiarkitError

FFMPEG_ONLY = ("mp4", "matroska", "asf", "amr", "mp3", "aac")
MENDING = ("Copy the file again, make it anew with `ffmpeg -i FILE new.wav`, or read what can be read with "
           "--damaged read")


def open_decoder(path, track=1, damaged=False):
    """Return the decoder of a file; `promised` of it is how many samples a trustworthy header announces, or None.

    track: which audio track of a container with several; damaged: read what can be read of a damaged file.
    Raises DiarkitError with what is wrong and how to mend it, without the file's name.
    """
    kind = kind_of(path)
    if kind == "sphere":
        _refuse_shorten(path)
    if kind in FFMPEG_ONLY or is_chained(path, kind):
        return _ffmpeg(path, kind, track, damaged)
    chunk = _whole_chunk(path, damaged)
    try:
        found = Sndfile(path, chunk.size_at if chunk else None)
    except (soundfile.LibsndfileError, OSError) as error:
        return _other(path, kind, track, damaged, getattr(error, "error_string", "") or str(error))
    if kind == "ogg" and not damaged and (missing := ogg_missing(path)):
        raise DiarkitError(f"cut short: {missing} bytes of its last page are missing. {MENDING}")
    if "MPEG" in found.subtype or found.announced_n is None:
        return _ffmpeg(path, kind, track, damaged)
    found.promised_n = found.announced_n
    return found


def _ffmpeg(path, kind, track, damaged):
    found = PyAv(path, track, damaged)
    announced = announced_mp3(path) if kind == "mp3" else None
    found.promised_n = announced[0] * found.sample_rate // announced[1] if announced and not damaged else None
    return found


def _other(path, kind, track, damaged, reason):
    """Return FFmpeg's decoder for what libsndfile cannot open; where neither can, its reason is the clearer one."""
    try:
        return _ffmpeg(path, kind, track, damaged)
    except DiarkitError as error:
        said = str(error) if kind == "" and "invalid data" not in str(error) else reason.rstrip(".")
        raise DiarkitError(f"cannot be opened as audio: {said}{_looks(path)}. Check the file, or convert it with "
                           "`ffmpeg -i FILE new.wav`") from None


def _whole_chunk(path, damaged):
    """Return the DataChunk of a file (None where its container has none), checked to be all there."""
    chunk = data_chunk(path)
    if chunk and chunk.announced_b is not None and not damaged and \
            chunk.announced_b // chunk.frame_b > max(chunk.present_b, 0) // chunk.frame_b:
        raise DiarkitError(f"cut short: the header announces {chunk.announced_b // chunk.frame_b} samples, "
                           f"the file has {max(chunk.present_b, 0) // chunk.frame_b}. {MENDING}")
    return chunk


def _refuse_shorten(path):
    with open(path, "rb") as file:
        coding = [line for line in file.read(1024).split(b"\n") if line.startswith(b"sample_coding")]
    if coding and b"embedded-" in coding[0]:
        how = coding[0].split()[-1].decode("ascii", "replace")
        raise DiarkitError(f"compressed SPHERE ({how}). Unpack it: put `sph2pipe -f wav -p FILE |` into wav.scp, or "
                           "convert it with `sph2pipe -f wav FILE new.wav`")


def _looks(path):
    with open(path, "rb") as file:
        head = file.read(60)
    plain = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return f"; it is text and starts with {head.split(chr(10).encode())[0].decode()[:40]!r}" if plain else ""
