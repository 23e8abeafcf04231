"""A bank of room responses made once: decaying noise, the image method, or measured ones."""

import numpy as np

from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.simulate.rooms import MeasuredRooms, Response, image_room, reverberate

PLACES = 4  # of a mouth in each room


@options
class RoomOptions:
    """Rooms."""

    rooms: str = opt("decay", "decay: noise that dies away, made at once; image: the image method (needs "
                     "pyroomacoustics); file: measured responses of --rirs", choices=("decay", "image", "file"))
    bank_rooms: int = opt(60, "how many rooms there are", low=1)
    min_rt60: float = opt(0.15, "shortest reverberation time in seconds", above=0)
    max_rt60: float = opt(0.8, "longest", above=0)
    rirs: str | None = opt(None, "wav.scp of measured room responses")

    def check(self):
        """Refuse an empty range, and measured rooms without a file."""
        if self.max_rt60 < self.min_rt60:
            raise UsageError(f"--max-rt60 {self.max_rt60:g} is below --min-rt60 {self.min_rt60:g}")
        if self.rooms == "file" and not self.rirs:
            raise UsageError("--rooms=file needs --rirs, a wav.scp of room responses")


class RoomBank:
    """The responses of RoomOptions, float32 in memory. rate: samples a second."""

    def __init__(self, options, rate, seed=0):
        random, places = np.random.default_rng((seed, 20)), [str(n) for n in range(PLACES)]
        self.responses = []
        if options.rooms == "decay":
            self.responses = [decay(options, rate, random) for _ in range(options.bank_rooms * PLACES)]
            return
        measured = MeasuredRooms(options.rirs, rate) if options.rooms == "file" else None
        for _ in range(options.bank_rooms):
            found, _ = measured(places, random) if measured else image_room(places, options, rate, random)
            self.responses += found.values()

    def __call__(self, samples, random):
        """Return samples (N,) as heard in one of the rooms, as long as they were, and as loud."""
        response = self.responses[int(random.integers(len(self.responses)))]
        heard = reverberate(samples, response)[:len(samples)]
        before, after = np.mean(samples ** 2), np.mean(heard ** 2)
        return heard * np.float32(np.sqrt(before / max(after, 1e-12)))


def decay(options, rate, random):
    """Return a Response: the direct sound, and after 2-20 ms noise that falls by 60 dB in the reverberation time.

    The energy of the direct sound lies between 3 dB below and 12 dB above that of the rest. The high half of the band
    dies away faster, as air and walls have it: the noise is smoothed more the later it is.
    """
    rt60_s = random.uniform(options.min_rt60, options.max_rt60)
    time_s = np.arange(round(rt60_s * rate)) / rate
    noise = random.standard_normal(len(time_s))
    dull = np.convolve(noise, np.ones(3) / np.sqrt(3), "same")
    late = time_s / rt60_s
    tail = ((1 - late) * noise + late * dull) * 10 ** (-3 * time_s / rt60_s)
    tail[time_s < random.uniform(0.002, 0.02)] = 0
    direct_db = random.uniform(-3, 12)
    taps = tail / np.sqrt(np.sum(tail ** 2) + 1e-12) * 10 ** (-direct_db / 20)
    taps[0] = 1.0
    return Response((taps / np.sqrt(np.sum(taps ** 2))).astype(np.float32), 0)
