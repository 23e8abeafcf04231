"""What kind of file a recording is, by its first bytes, whatever its name says.

Sources: RFC 3533 (Ogg), RFC 9639 (FLAC), ISO/IEC 11172-3 (MPEG audio), ID3v2.4 (section 3.1), NIST SPHERE.
"""

import mmap
import struct

MAGIC = ((0, b"RIFF", "wave"), (0, b"RIFX", "wave"), (0, b"RF64", "wave"), (0, b"BW64", "wave"), (0, b"fLaC", "flac"),
         (0, b"OggS", "ogg"), (0, b"FORM", "aiff"), (0, b".snd", "au"), (0, b"NIST_1A", "sphere"),
         (4, b"ftyp", "mp4"), (0, b"\x1aE\xdf\xa3", "matroska"), (0, b"0&\xb2u\x8ef\xcf\x11", "asf"),
         (0, b"#!AMR", "amr"))
BITRATES = {  # kbit/s of layer III: MPEG 1, then MPEG 2 and 2.5 (ISO/IEC 11172-3, table B.2.4.2.3; 13818-3, 2.4.2.3)
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def kind_of(path):
    """Return wave, flac, ogg, aiff, au, sphere, mp4, matroska, asf, amr, mp3, aac, or "" for anything else."""
    with open(path, "rb") as file:
        head = _after_tags(file)
        for place, magic, kind in MAGIC:
            if head[place:place + len(magic)] == magic:
                return kind
        if frame_of(head):
            return "mp3"
        return "aac" if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 else ""


def _after_tags(file):
    """Return the first 16 KiB behind ID3v2 tags and what zeros follow them."""
    start = 0
    for _ in range(4):
        file.seek(start)
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        start += 10 + size
    file.seek(start)
    return file.read(1 << 14).lstrip(b"\0")


def frame_of(head):
    """Return (bytes, samples, sample rate) of the MPEG layer III frame that begins here, None where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer, rate, bits = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer != 1 or rate == 3 or bits == 15:
        return None
    hz = RATES[version][rate]
    kbits = BITRATES[3 if version == 3 else 2][bits]
    samples = 1152 if version == 3 else 576
    return samples * kbits * 125 // hz + (head[2] >> 1 & 1), samples, hz


def announced_mp3(path):
    """Return (samples, sample rate) that the Xing, Info or VBRI header of an MP3 announces, None without one."""
    with open(path, "rb") as file:
        head = _after_tags(file)
    frame = frame_of(head)
    if not frame:
        return None
    for tag, place in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        at = head.find(tag, 4, 200)
        if at >= 0 and (tag == b"VBRI" or head[at + 7] & 1) and len(head) >= at + place + 4:
            return struct.unpack(">I", head[at + place:at + place + 4])[0] * frame[1], frame[2]
    return None


def is_chained(path, kind):
    """Tell whether an Ogg or FLAC file is several files joined: libsndfile would read the first one alone."""
    if kind not in ("ogg", "flac"):
        return False
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(b"fLaC\0\0\0\x22", 4) > 0 if kind == "flac" else _ogg_begins_again(data)


def _ogg_begins_again(data):
    """Tell whether a stream begins behind a page of another one; pages are stepped over by their lengths."""
    at, begun = 0, False
    while at + 27 <= len(data) and data[at:at + 4] == b"OggS":
        first = data[at + 5] & 2
        if first and begun:
            return True
        begun = begun or not first
        segments = data[at + 26]
        at += 27 + segments + sum(data[at + 27:at + 27 + segments])
    return False


def ogg_missing(path):
    """Return how many bytes the last page of an Ogg file announces beyond the end of the file."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        while at + 27 <= len(data) and data[at:at + 4] == b"OggS":
            segments = data[at + 26]
            at += 27 + segments + sum(data[at + 27:at + 27 + segments])
        return max(at - len(data), 0)
