"""How a conversation sounds: levels, room, noise and codec. Each has a random stream of its own, so that one of them
changes nothing about another."""

import numpy as np
from scipy.fft import next_fast_len

from diarkit.simulate.codecs import transmit
from diarkit.simulate.noise import NoiseFiles, babble, pink_noise, white_noise
from diarkit.simulate.options import CODECS, NOISES, words
from diarkit.simulate.rooms import MeasuredRooms, image_room, reverberate

NOMINAL = 0.05      # root mean square of an utterance at a level of 0 dB
MARGIN_S = 0.05     # of the silence around a stretch of speech that comes with it
FADE_S = 0.005
TAIL_S = 0.5        # after the last word
SQUEEZE = 0.6, 0.95  # of the codecs that have a choice
LEVEL, ROOM, NOISE, CODEC, SPEED = range(5)   # streams; LEVEL goes on where the schedule's stopped


class Acoustics:
    """Rooms, noises and codecs for the conversations of one Pool, from AcousticOptions.

    exact: end TAIL_S after the last word; otherwise up to 1 % later, at a length that is quick to transform.
    """

    def __init__(self, pool, options, exact=True):
        self._pool, self._options, self._rate, self._exact = pool, options, pool.sample_rate, exact
        self._kinds = words(options.noise, NOISES, "noise")
        self._codecs = words(options.codecs, CODECS, "codecs")
        self._files = NoiseFiles(options.noises, self._rate) if "file" in self._kinds else None
        self._rooms = MeasuredRooms(options.rirs, self._rate) if options.rooms == "file" else None

    def __call__(self, placed, voices, streams):
        """Return ((N,) float32 samples in [-0.9, 0.9] before the codec, {condition: text}).

        placed: [Placed]; voices: {speaker: (name in the pool, speed)}; streams: [Generator], one for each stream.
        """
        responses, room = self._room(sorted(voices), streams[ROOM])
        mixed = self._mix(placed, voices, responses, streams[LEVEL])
        noise = self._add_noise(mixed, {name for name, _ in voices.values()}, streams)
        mixed *= min(1.0, 0.9 / max(np.abs(mixed).max(), 1e-9))
        mixed, codec = self._send(mixed, streams[CODEC])
        return mixed, {**room, **noise, **codec}

    def _room(self, names, rng):
        options = self._options
        if options.rooms == "none" or rng.random() >= options.room_share:
            return {}, {"room": "none"}
        if self._rooms:
            found, room = self._rooms(names, rng)
            return found, {"room": room}
        found, rt60_s = image_room(names, options, self._rate, rng)
        return found, {"room": f"{rt60_s:.3f}"}

    def _mix(self, placed, voices, responses, rng):
        rate, gain_db, levels = self._rate, self._options.gain_db, {}
        total_n = max(round(p.start_s * rate) + round((p.end_s - p.begin_s) * rate) for p in placed)
        total_n += round(TAIL_S * rate)
        mixed = np.zeros(total_n if self._exact else next_fast_len(total_n, real=True), np.float32)
        for place in placed:
            drawn = 10 ** (rng.uniform(-gain_db, gain_db) / 20)  # a speaker keeps his first
            level = levels.setdefault(place.speaker, drawn)
            utterance = self._pool.load(place.utterance, voices[place.speaker][1])
            sound, lead_n = cut(utterance, place.begin_s, place.end_s, rate)
            sound = sound * (NOMINAL * level / utterance.rms)
            if place.speaker in responses:
                sound = reverberate(sound, responses[place.speaker])
            start_n = round(place.start_s * rate) - lead_n
            sound, start_n = sound[max(-start_n, 0):], max(start_n, 0)
            mixed[start_n:start_n + len(sound)] += sound[:len(mixed) - start_n]
        return mixed

    def _add_noise(self, mixed, present, streams):
        """Add noise in place; the LEVEL stream draws pink noise and the ratio, the NOISE stream all else."""
        options, rng = self._options, streams[NOISE]
        kind = str(rng.choice(self._kinds))
        heard = rng.random() < options.noise_share
        snr_db = streams[LEVEL].uniform(options.min_snr_db, options.max_snr_db)
        if not heard:
            return {"noise": "none", "snr_db": "inf"}
        noise, kind = self._noise(kind, len(mixed), present, streams)
        mixed += noise * NOMINAL * 10 ** (-snr_db / 20)
        return {"noise": kind, "snr_db": f"{snr_db:.1f}"}

    def _noise(self, kind, count_n, present, streams):
        rng = streams[NOISE]
        if kind == "file":
            return self._files(count_n, rng)
        absent = {s: us for speakers in self._pool.groups.values() for s, us in speakers.items() if s not in present}
        if kind == "babble" and absent:
            return babble(count_n, rng, self._pool, absent), kind
        if kind == "white":
            return white_noise(count_n, rng), kind
        return pink_noise(count_n, streams[LEVEL]), "pink"

    def _send(self, mixed, rng):
        options = self._options
        codec = str(rng.choice(self._codecs))
        codec = codec if rng.random() < options.codec_share else "pcm"
        narrow = bool(rng.random() < options.narrow_share)
        squeeze = float(rng.uniform(*SQUEEZE))
        if codec != "pcm" or narrow:
            mixed = transmit(mixed, self._rate, codec, narrow, squeeze)
        return mixed, {"codec": codec, "band": "narrow" if narrow or codec == "gsm" else "full"}


def cut(utterance, begin_s, end_s, rate):
    """Return (samples, how many of them lie before begin_s) of a piece of an Utterance, faded at its ends.

    Where the speech itself starts or ends a little of the silence around it comes along. The whole utterance, from 0
    to its length, is left as it is.
    """
    samples = utterance.samples
    first, last = round(begin_s * rate), round(end_s * rate)
    if first == 0 and last >= len(samples):
        return samples, 0
    lead_n = min(round(MARGIN_S * rate) if any(abs(a - begin_s) < 1e-6 for a, _ in utterance.spans) else 0, first)
    trail_n = round(MARGIN_S * rate) if any(abs(b - end_s) < 1e-6 for _, b in utterance.spans) else 0
    piece = samples[first - lead_n:last + trail_n].copy()
    fade_n = min(round(FADE_S * rate), len(piece) // 2)
    ramp = np.linspace(0, 1, fade_n, dtype=np.float32)
    piece[:fade_n] *= ramp
    piece[len(piece) - fade_n:] *= ramp[::-1]
    return piece, lead_n
