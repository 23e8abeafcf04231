"""PyanNet, the segmentation network: who of up to three local speakers talks when, within ten seconds.

SincNet (Ravanelli & Bengio 2018, "Speaker recognition from raw waveform with SincNet"), four bidirectional LSTMs, two
linear layers, and one class for every set of at most two of three speakers (Plaquet & Bredin 2023, "Powerset
multi-class cross entropy loss for neural speaker diarization"). Weights have the names of the published state dict.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

RATE_HZ, WINDOW_N, FRAMES = 16000, 160000, 589  # samples in, frames out
STEP_N, FIELD_N = 270, 991  # frame i sees the samples 270 i + [0, 991): 251 taps every 10, three pools by 3, 5 taps
CLASSES = 7
TAPS, STRIDE, POOL = 251, 10, 3
LOWEST_HZ, NARROWEST_HZ = 50.0, 50.0


class SincFilters(nn.Module):
    """80 band-pass filters of 251 taps: 40 bands, each as an even (cosine) and an odd (sine) filter.

    Only the bands' edges are weights. Filter k of a band from f1 to f2 Hz has the even taps
    h(t) = (sin 2 pi f2 t - sin 2 pi f1 t) / (pi t), the ideal band-pass (Ravanelli & Bengio 2018, eq. 4), times a
    Hamming window; the odd taps put (cos 2 pi f1 t - cos 2 pi f2 t) there. Both are scaled to 1 at t = 0 of the even.
    """

    def __init__(self, bands=40):
        super().__init__()
        half = TAPS // 2
        mel = torch.linspace(_mel(30.0), _mel(RATE_HZ / 2 - LOWEST_HZ - NARROWEST_HZ), bands + 1)
        edges = 700 * (10 ** (mel / 2595) - 1)
        self.low_hz_ = nn.Parameter(edges[:-1, None])
        self.band_hz_ = nn.Parameter(edges.diff()[:, None])
        self.register_buffer("window_", torch.hamming_window(TAPS, periodic=False)[:half])
        self.register_buffer("n_", 2 * math.pi * torch.arange(-half, 0.0)[None] / RATE_HZ)

    def taps(self):
        """Return (80, 1, 251) filters, the 40 even ones first."""
        low = LOWEST_HZ + self.low_hz_.abs()
        high = (low + NARROWEST_HZ + self.band_hz_.abs()).clamp(LOWEST_HZ, RATE_HZ / 2)
        width, shape = 2 * (high - low), self.window_ / (self.n_ / 2)
        even = ((high * self.n_).sin() - (low * self.n_).sin()) * shape / width
        odd = ((low * self.n_).cos() - (high * self.n_).cos()) * shape / width
        even = torch.cat([even, torch.ones_like(width), even.flip(1)], 1)
        odd = torch.cat([odd, torch.zeros_like(width), -odd.flip(1)], 1)
        return torch.cat([even, odd])[:, None]


def _mel(hz):
    return 2595 * math.log10(1 + hz / 700)


class _Filterbank(nn.Module):
    """The name `filterbank` that the published weights have between the layer and its filters."""

    def __init__(self):
        super().__init__()
        self.filterbank = SincFilters()

    stride = STRIDE

    def forward(self, x):
        return F.conv1d(x, self.filterbank.taps(), stride=self.stride)


class SincNet(nn.Module):
    """Samples (B, 1, N) to (B, 60, T): filters, two convolutions, each pooled and normalised over its window."""

    def __init__(self):
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.conv1d = nn.ModuleList([_Filterbank(), nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norm1d = nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (80, 60, 60)])

    def forward(self, x):
        return self.after_filters(self.conv1d[0](self.wav_norm1d(x)))

    def normalisation(self, window):
        """Return (scale, shift) numbers with which scale x + shift is the normalised window (N,)."""
        norm = self.wav_norm1d
        scale = norm.weight / (window.var(correction=0) + norm.eps).sqrt()
        return scale, norm.bias - scale * window.mean()

    def after_filters(self, x):
        """Return (B, 60, T) of the filters' outputs (B, 80, T')."""
        x = self._pool(x.abs(), 0)
        for place in (1, 2):
            x = self._pool(self.conv1d[place](x), place)
        return x

    def _pool(self, x, place):
        return F.leaky_relu(self.norm1d[place](F.max_pool1d(x, POOL)))


class PyanNet(nn.Module):
    """Samples (B, 1, N) at 16 kHz to (B, T, 7) log probabilities of none, 1, 2, 3, 1+2, 1+3, 2+3."""

    def __init__(self):
        super().__init__()
        self.sincnet = SincNet()
        self.lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True, dropout=0.5)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classifier = nn.Linear(128, CLASSES)

    def forward(self, x):
        return self.classify(self.sincnet(x))

    def classify(self, x):
        """Return (B, T, 7) log probabilities of SincNet's output (B, 60, T)."""
        x = self.lstm(x.transpose(1, 2).to(self.lstm.weight_ih_l0.dtype))[0].to(self.classifier.weight.dtype)
        for linear in self.linear:
            x = F.leaky_relu(linear(x))
        return F.log_softmax(self.classifier(x), -1)


def frame_count(samples_n):
    """Return how many frames the network gives for a window of samples_n samples."""
    return max((samples_n - FIELD_N) // STEP_N + 1, 0)
