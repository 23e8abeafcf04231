"""Frames of a signal that comes in blocks of any size: the part that every feature shares."""

import numpy as np

BATCH_T = 128  # frames worked on at once: what belongs to them stays in the second-level cache

PAD_MODE = {"snip": None, "mirror": "symmetric", "reflect": "reflect", "constant": "constant", "tail": "constant"}


class Framing:
    """Which samples belong to which frame.

    length_n, shift_n: frame and step in samples. batch_t: frames worked on at once. edges, with T for N samples:
    snip: whole frames only, T = 1 + (N - length) // shift (Kaldi's snip_edges=true);
    mirror: frame t is centred at (t + 0.5) shift, T = N / shift rounded, the signal mirrored at both ends (false);
    reflect, constant: frame t is centred at t shift, T = 1 + N // shift, padded by reflection or zeros (librosa);
    tail: every sample is in a frame, the last one filled with zeros (python_speech_features).
    """

    def __init__(self, length_n, shift_n, edges="snip", batch_t=BATCH_T):
        assert edges in PAD_MODE and length_n >= 1 and shift_n >= 1, (length_n, shift_n, edges)
        self.length_n, self.shift_n, self.edges, self.batch_t = length_n, shift_n, edges, batch_t
        self.left_n = {"mirror": length_n // 2 - shift_n // 2, "reflect": length_n // 2,
                       "constant": length_n // 2}.get(edges, 0)

    def count(self, total_n):
        """Return the number of frames T of a signal of total_n samples."""
        if self.edges == "snip":
            return 0 if total_n < self.length_n else 1 + (total_n - self.length_n) // self.shift_n
        if self.edges == "mirror":
            return (total_n + self.shift_n // 2) // self.shift_n
        if self.edges == "tail":
            return (1 + -(-max(total_n - self.length_n, 0) // self.shift_n)) * (total_n > 0)
        return (1 + total_n // self.shift_n) * (total_n > 0)

    def batches(self, sample_blocks):
        """Yield (signal, n): n overlapping frames, each batch but the last of exactly batch_t.

        Batches begin at multiples of batch_t frames however the samples come, so that a feature of a frame is
        the same to the last bit in blocks and in one piece.
        """
        whole_n, hop_n = (self.batch_t - 1) * self.shift_n + self.length_n, self.batch_t * self.shift_n
        rest = np.zeros(0, np.float32)
        for block in self._padded(sample_blocks):
            rest = np.concatenate([rest, block]) if len(rest) else block
            ready = max((len(rest) - whole_n) // hop_n + 1, 0)
            for start_n in range(0, ready * hop_n, hop_n):
                yield rest[start_n:start_n + whole_n], self.batch_t
            rest = rest[ready * hop_n:]
        if len(rest) >= self.length_n:
            yield rest, 1 + (len(rest) - self.length_n) // self.shift_n

    def _padded(self, sample_blocks):
        """Yield the blocks with what `edges` puts before and after them."""
        head, total_n, mode = np.zeros(0, np.float32), 0, PAD_MODE[self.edges]
        tail, started, keep_n = head, False, self.length_n + 1  # to reflect n samples takes n + 1
        for block in sample_blocks:
            block = np.asarray(block)
            assert block.ndim == 1, block.shape
            total_n += len(block)
            tail = np.concatenate([tail, block[-keep_n:]])[-keep_n:]
            if started or mode is None:
                yield block
                continue
            head = np.concatenate([head, block])
            if len(head) > self.left_n:
                started = True
                yield np.pad(head, (self.left_n, 0), mode)
        if mode is None or total_n == 0:
            return
        if not started:
            yield np.pad(head, (self.left_n, 0), mode)
        right_n = (self.count(total_n) - 1) * self.shift_n + self.length_n - self.left_n - total_n
        if right_n > 0:
            yield np.pad(tail, (0, right_n), mode)[len(tail):]

    def view(self, signal, n):
        """Return the n frames of a batch as a read-only view (n, length_n)."""
        step = signal.strides[0]
        return np.lib.stride_tricks.as_strided(signal, (n, self.length_n), (step * self.shift_n, step), writeable=False)


class Feature:
    """What every feature does: whole recordings by blocks. A feature sets `framing` and `dim` and has `_batches`."""

    def __call__(self, samples):
        """Return the features (T, dim) float32 of samples (N,), mono in [-1, 1]."""
        samples = np.asarray(samples)
        assert samples.ndim == 1, f"samples must be (N,), not {samples.shape}"
        return np.concatenate([np.zeros((0, self.dim), np.float32), *self.blocks([samples])])

    def blocks(self, sample_blocks):
        """Yield features (t, dim) float32 of an iterator of samples (n,); the same numbers as in one piece."""
        return self._batches(self.framing.batches(sample_blocks))
