"""Batches of crops as features: read, changed, and turned into features in worker processes."""

from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader, Dataset

from diarkit.embed.feats import parse
from diarkit.errors import UsageError
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.features.mel import Mel, MelOptions
from diarkit.features.mfcc import Mfcc, MfccOptions
from diarkit.features.psf import Psf, PsfOptions
from diarkit.features.spectrogram import Spectrogram, SpectrogramOptions
from diarkit.training.augment import resampled
from diarkit.training.batches import AUGMENT, pieces

FEATURES = {"fbank": (FbankOptions, Fbank), "mel": (MelOptions, Mel), "mfcc": (MfccOptions, Mfcc),
            "psf": (PsfOptions, Psf), "spectrogram": (SpectrogramOptions, Spectrogram)}


def open_features(conf):
    """Return the feature of a conf file, which is named `<kind>.conf` or `<kind>_<more>.conf`, of FEATURES.

    The file may say the sample rate too, which is 16000 otherwise.
    """
    kind = Path(conf).stem.split("_")[0]
    if kind not in FEATURES:
        raise UsageError(f"{conf}: the name of this file must begin with {', '.join(FEATURES)}")
    options, feature = FEATURES[kind]
    values = parse(conf, kind)
    rate = values.pop("sample_rate")
    return feature(options(**values), rate)


def centred(feats):
    """Return feats (T, D) with the mean of each column taken off."""
    return feats - feats.mean(0, keepdims=True)


class Crops:
    """Makes crops of a Corpus. feature: samples to features, None where the store has features; augment: an Augment,
    None without; centre: take each crop's mean off its features; seed: of everything that is drawn.

    names: the speakers of the plan; speeds: its speeds.
    """

    def __init__(self, corpus, names, speeds, crops, feature=None, augment=None, centre=True, seed=0):
        self.corpus, self.names, self.speeds, self.crops = corpus, names, speeds, crops
        self.feature, self.augment, self.centre, self.seed = feature, augment, centre, seed
        if feature is None and speeds != [1.0]:
            raise UsageError("--speeds must be 1 with features: the speed of audio alone can be changed")

    def batch(self, plan, length_s, heard):
        """Return {feats: (S, M, T, D) float32, speakers: (S,) int64, teacher: (S, M, E) float32 or absent}.

        plan: (voices (S,), draws (S, M, 3)). heard: (round, batch), names the augmentation; None: without any.
        """
        voices, draws = plan
        made = [[self.crop(voice, draw, length_s, heard and (*heard, row, place)) for place, draw in enumerate(line)]
                for row, (voice, line) in enumerate(zip(voices.tolist(), draws))]
        result = {"feats": np.stack([[feats for feats, _ in line] for line in made]),
                  "speakers": voices.astype(np.int64)}
        if self.corpus.teacher is not None:
            result["teacher"] = np.stack([[teacher for _, teacher in line] for line in made])
        return result

    def crop(self, voice, draw, length_s, heard):
        """Return (features (T, D), the teacher's vector (E,) or None) of one crop."""
        speaker, speed = divmod(voice, len(self.speeds))
        speed, store = self.speeds[speed], self.corpus.store
        found, sound = self._read(speaker, draw, length_s, speed)
        rng = np.random.default_rng((self.seed, AUGMENT, *heard)) if heard and self.augment else None
        if self.feature:
            if speed != 1:
                sound = resampled(sound, round(length_s * store.rate))
            if rng:
                sound = self.augment(sound, rng, lambda count_n, rng: self._other(speaker, count_n, rng))
            sound = self.feature(sound)
        sound = centred(sound) if self.centre else sound
        return self.augment.mask(sound, rng) if rng else sound, self._teacher(found, speed)

    def _read(self, speaker, draw, length_s, speed):
        """Return ([(utterance, count)], (N,) samples or (T, D) features) of a crop before its speed is changed."""
        store, numbers = self.corpus.store, self.corpus.utterances[self.names[speaker]]
        wanted = round(length_s * store.rate * speed)
        found = [(int(numbers[u]), start, count)
                 for u, start, count in pieces(store.lengths[numbers], draw, self.crops, wanted, self.seed)]
        return [(u, count) for u, _, count in found], np.concatenate([store.read(*piece) for piece in found])

    def _other(self, speaker, count_n, rng):
        """Return (count_n,) samples of any other speaker to train on."""
        other = (speaker + int(rng.integers(1, len(self.names)))) % len(self.names)
        numbers, store = self.corpus.utterances[self.names[other]], self.corpus.store
        number = int(numbers[int(rng.integers(len(numbers)))])
        start = int(rng.integers(max(int(store.lengths[number]) - count_n, 0) + 1))
        return np.resize(store.read(number, start, min(count_n, int(store.lengths[number]))), count_n)

    def _teacher(self, found, speed):
        """Return the mean of the utterances' vectors, by length; zeros where one has none or the voice is another's."""
        if self.corpus.teacher is None:
            return None
        rows = self.corpus.teacher[[u for u, _ in found]]
        whole = speed == 1 and rows.any(1).all()
        return np.average(rows, 0, [count for _, count in found]).astype(np.float32) * whole


class RoundBatches(Dataset):
    """The batches of a round. plans: [Batch]; number: of the round, None: without augmentation."""

    def __init__(self, crops, plans, number):
        self.crops, self.plans, self.number = crops, plans, number

    def __len__(self):
        return len(self.plans)

    def __getitem__(self, b):
        plan = self.plans[b]
        return self.crops.batch((plan.voices, plan.draws), plan.length_s,
                                None if self.number is None else (self.number, b))


def load(crops, plans, number, workers):
    """Iterate over a round's batches, in order, made by so many processes (0: by this one)."""
    more = dict(prefetch_factor=2, multiprocessing_context="fork") if workers else {}
    return DataLoader(RoundBatches(crops, plans, number), batch_size=None, num_workers=workers,
                      collate_fn=_as_it_is, **more)


def _as_it_is(batch):
    return batch  # arrays go through a pipe: tensors would need shared memory, of which containers have little
