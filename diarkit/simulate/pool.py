"""The speakers that conversations are made of: who there is, and their utterances, loaded when they are wanted."""

import os
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import soxr

from diarkit.audio import AudioOptions, read_audio
from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_table
from diarkit.simulate.spans import speech_spans

CACHE_BYTES = 400_000_000


class Utterance(NamedTuple):
    """Sound of one utterance: samples (N,) float32, rms of it, spans [(start_s, end_s)] of its speech."""

    samples: np.ndarray
    rms: float
    spans: list


class Pool:
    """Utterances by group and speaker out of a folder with wav.scp, utt2spk and, where wanted, utt2group.

    Attributes: groups {group: {speaker: [utterance]}}, sample_rate, entries {utterance: path or `command |`}.
    The sounds used last stay in memory, up to CACHE_BYTES.
    """

    def __init__(self, folder, sample_rate=16000, same_group=True):
        self.folder, self.sample_rate = str(folder), sample_rate
        self.entries = self._table("wav.scp")
        self._speaker_of = self._table("utt2spk")
        grouped = os.path.join(self.folder, "utt2group")
        group_of = read_table(grouped) if same_group and os.path.exists(grouped) else {}
        self._check(group_of, grouped)
        self.groups = {}
        for utterance in self.entries:
            group = self.groups.setdefault(group_of.get(utterance, "all"), {})
            group.setdefault(self._speaker_of[utterance], []).append(utterance)
        self._audio, self._cache, self._held = AudioOptions(sample_rate=sample_rate), OrderedDict(), 0

    def _table(self, name):
        path = os.path.join(self.folder, name)
        table = read_table(path)
        if not table:
            raise data_error(path, None, "no utterances", "Write `<utterance> <path>` or `<utterance> <speaker>`")
        return table

    def _check(self, group_of, grouped):
        utt2spk = os.path.join(self.folder, "utt2spk")
        for table, path in ((self._speaker_of, utt2spk), *([(group_of, grouped)] if group_of else [])):
            missing = [utterance for utterance in self.entries if utterance not in table]
            if missing:
                raise data_error(path, None, f"{len(missing)} utterances of wav.scp are not here, such as {missing[0]}",
                                 "Add them")
        heard = {self._speaker_of[utterance] for utterance in self.entries}
        silent = sorted(set(self._speaker_of.values()) - heard)
        if silent:
            raise data_error(utt2spk, None, f"{len(silent)} speakers have no utterance in wav.scp, such as "
                             f"{silent[0]}", "Add their utterances or take these lines out")

    def usable(self, count):
        """Return the names of the groups that have at least `count` speakers; none is an error."""
        found = sorted(group for group, speakers in self.groups.items() if len(speakers) >= count)
        if not found:
            most = max(len(speakers) for speakers in self.groups.values())
            where = "" if list(self.groups) == ["all"] else f" in one group ({len(self.groups)} groups)"
            raise DiarkitError(f"{self.folder}: {count} speakers are asked for, there are at most {most}{where}. Lower "
                               "--max-speakers" + (", or give --same-group=false" if where else ""))
        return found

    def load(self, utterance, speed=1.0):
        """Return the Utterance, `speed` times as fast; an error names it."""
        key = utterance, speed
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        try:
            samples = read_audio(self.entries[utterance], self._audio)
        except DiarkitError as error:
            raise DiarkitError(f"{self.folder}/wav.scp: {utterance}: {error}") from None
        if speed != 1:
            samples = soxr.resample(samples, self.sample_rate * speed, self.sample_rate)
        found = Utterance(samples, np.sqrt(np.mean(samples ** 2)) + 1e-9, speech_spans(samples, self.sample_rate))
        self._cache[key], self._held = found, self._held + samples.nbytes
        while self._held > CACHE_BYTES and len(self._cache) > 1:
            self._held -= self._cache.popitem(last=False)[1].samples.nbytes
        return found
