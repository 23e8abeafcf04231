"""Rooms: a response from each speaker's place to the microphone, by the image method or measured.

Image method: Allen and Berkley 1979, as pyroomacoustics has it (Scheibler et al. 2018).
"""

import os
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from diarkit.audio import AudioOptions, read_audio
from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_table

SMALLEST_M, LARGEST_M = (3.0, 2.8, 2.4), (9.0, 7.0, 3.8)
WALL_M = 0.4                 # nobody stands nearer to a wall
NEAREST_M = 0.3              # from a speaker's mouth to the microphone
MOUTH_M, MICROPHONE_M = (1.0, 1.8), (0.7, 1.4)   # heights
SOUND_M_S = 343.0


class Response(NamedTuple):
    """A room's response: taps (K,) float32 of unit energy; the direct sound arrives at sample direct_n."""

    taps: np.ndarray
    direct_n: int


def reverberate(samples, response):
    """Return (samples (N + K - 1 - direct_n,) float32 with the room): the direct sound stays where it was."""
    count_n = len(samples) + len(response.taps) - 1
    size_n = next_fast_len(count_n, real=True)
    return irfft(rfft(samples, size_n) * rfft(response.taps, size_n), size_n)[response.direct_n:count_n]


def image_room(names, options, rate, rng):
    """Return ({name: Response}, reverberation time in seconds) of a shoebox with everyone at a random place."""
    library = _library()
    size = rng.uniform(SMALLEST_M, LARGEST_M)
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    driest_s = 24 * np.log(10) / SOUND_M_S * volume / surface  # Sabine, walls that take up everything
    rt60_s = max(float(rng.uniform(options.min_rt60, options.max_rt60)), 1.05 * driest_s)
    absorption, order = library.inverse_sabine(rt60_s, size, c=SOUND_M_S)
    room = library.ShoeBox(size, fs=rate, materials=library.Material(absorption), max_order=order)
    microphone = _place(size, MICROPHONE_M, rng)
    distances = []
    for _ in names:
        mouth = _place(size, MOUTH_M, rng)
        while np.linalg.norm(mouth - microphone) < NEAREST_M:
            mouth = _place(size, MOUTH_M, rng)
        distances.append(np.linalg.norm(mouth - microphone))
        room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    start_n = library.constants.get("frac_delay_length") // 2
    return {name: _response(taps, round(start_n + distance / room.c * rate), round(rt60_s * rate))
            for name, taps, distance in zip(names, room.rir[0], distances)}, rt60_s


def _library():
    try:
        import pyroomacoustics
    except ImportError:
        raise DiarkitError("--rooms=image needs the package pyroomacoustics: pip install -r requirements-simulate.txt, "
                           "or use --rooms=none") from None
    pyroomacoustics.constants.set("num_threads", 1)  # sums of several threads differ in their last bits
    return pyroomacoustics


def _place(size, heights, rng):
    return rng.uniform((WALL_M, WALL_M, heights[0]), (size[0] - WALL_M, size[1] - WALL_M, heights[1]))


def _response(taps, direct_n, length_n):
    taps = np.asarray(taps[:direct_n + length_n], np.float32)
    return Response(taps / np.sqrt((taps ** 2).sum()), direct_n)


def direct_sound(taps):
    """Return where the direct sound of a measured response arrives: the first peak within 6 dB of the highest."""
    loud = np.abs(taps)
    first = int(np.argmax(loud >= 0.5 * loud.max()))
    while first + 1 < len(loud) and loud[first + 1] > loud[first]:
        first += 1
    return first


class MeasuredRooms:
    """Measured responses out of a wav.scp. `rir2room` beside it says which belong to one room; without it all do."""

    def __init__(self, scp, sample_rate):
        self._scp, self._entries, self._audio = str(scp), read_table(scp), AudioOptions(sample_rate=sample_rate)
        if not self._entries:
            raise data_error(scp, None, "no room responses", "Write `<response> <path>` lines")
        beside = os.path.join(os.path.dirname(self._scp), "rir2room")
        room_of = read_table(beside) if os.path.exists(beside) else {}
        self._rooms = {}
        for name in self._entries:
            if room_of and name not in room_of:
                raise data_error(beside, None, f"{name} of {scp} is not here", "Add `<response> <room>`")
            self._rooms.setdefault(room_of.get(name, "all"), []).append(name)

    def __call__(self, names, rng):
        """Return ({name: Response}, name of the room); in a room with too few responses some speakers share one."""
        room = str(rng.choice(sorted(self._rooms)))
        found = self._rooms[room]
        drawn = rng.choice(found, len(names), replace=len(found) < len(names))
        return {name: self._load(str(one)) for name, one in zip(names, drawn)}, room

    def _load(self, name):
        try:
            taps = read_audio(self._entries[name], self._audio)
        except DiarkitError as error:
            raise DiarkitError(f"{self._scp}: {name}: {error}") from None
        if not np.any(taps):
            raise DiarkitError(f"{self._scp}: {name}: {self._entries[name]} is silent. Take it out")
        return _response(taps, direct_sound(taps), len(taps))
