"""Weights of the segmentation network as arrays, and its filters, without torch."""

import zipfile

import numpy as np

from diarkit.errors import DiarkitError

RATE_HZ, TAPS = 16000, 251
LOWEST_HZ, NARROWEST_HZ = 50.0, 50.0
LAYERS, HIDDEN, CLASSES = 4, 128, 7
FILTERBANK = "sincnet.conv1d.0.filterbank."
COMPUTED = tuple(FILTERBANK + name for name in ("window_", "n_"))  # in published files, though they follow from TAPS


def shapes():
    """Return {name: shape} of all weights."""
    found = {FILTERBANK + "low_hz_": (40, 1), FILTERBANK + "band_hz_": (40, 1),
             "sincnet.conv1d.1.weight": (60, 80, 5), "sincnet.conv1d.1.bias": (60,),
             "sincnet.conv1d.2.weight": (60, 60, 5), "sincnet.conv1d.2.bias": (60,)}
    for name, width in (("wav_norm1d", 1), ("norm1d.0", 80), ("norm1d.1", 60), ("norm1d.2", 60)):
        found |= {f"sincnet.{name}.{part}": (width,) for part in ("weight", "bias")}
    for layer in range(LAYERS):
        for way in ("", "_reverse"):
            taken = 2 * HIDDEN if layer else 60
            found |= {f"lstm.weight_ih_l{layer}{way}": (4 * HIDDEN, taken),
                      f"lstm.weight_hh_l{layer}{way}": (4 * HIDDEN, HIDDEN),
                      f"lstm.bias_ih_l{layer}{way}": (4 * HIDDEN,), f"lstm.bias_hh_l{layer}{way}": (4 * HIDDEN,)}
    for name, out, taken in (("linear.0", 128, 256), ("linear.1", 128, 128), ("classifier", CLASSES, 128)):
        found |= {f"{name}.weight": (out, taken), f"{name}.bias": (out,)}
    return found


def read(path):
    """Return {name: float32 array} of a file of weights: .npz of arrays, or a torch state dict.

    Raises DiarkitError for a file that does not hold exactly the weights of the network.
    """
    found = _arrays(path)
    found = {name: np.asarray(array, np.float32) for name, array in found.items() if name not in COMPUTED}
    wanted = shapes()
    for name in sorted(set(wanted) | set(found)):
        if name not in found or name not in wanted or found[name].shape != wanted[name]:
            shape = found[name].shape if name in found else "nothing"
            raise DiarkitError(f"{path}: no weights of the segmentation network: {name} is {shape}, expected "
                               f"{wanted.get(name, 'nothing')}")
    return found


def _arrays(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if all(name.endswith(".npy") for name in archive.namelist()):
                return dict(np.load(path, allow_pickle=False))
    import torch  # only here: it takes a second

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value.float().numpy() for name, value in state.get("state_dict", state).items()}
    except Exception as error:  # unpickling fails in as many ways as there are broken files
        raise DiarkitError(f"{path}: no weights of the segmentation network: {str(error).splitlines()[0]}") from None


def write(path, arrays):
    """Write weights as .npz: matrices in 16 bits, but for the filters' edges in Hz; the rest in 32."""
    halves = {name: array.astype(np.float16) if array.ndim > 1 and not name.startswith(FILTERBANK) else array
              for name, array in arrays.items() if name not in COMPUTED}
    np.savez(path, **halves)


def taps(weights):
    """Return the (80, 1, 251) float32 band-pass filters, as pyannet.SincFilters has them in torch."""
    half = TAPS // 2
    low = LOWEST_HZ + np.abs(weights[FILTERBANK + "low_hz_"].astype(np.float64))
    high = np.clip(low + NARROWEST_HZ + np.abs(weights[FILTERBANK + "band_hz_"]), LOWEST_HZ, RATE_HZ / 2)
    n = 2 * np.pi * np.arange(-half, 0.0)[None] / RATE_HZ
    shape, width = np.hamming(TAPS)[:half] / (n / 2), 2 * (high - low)
    even = (np.sin(high * n) - np.sin(low * n)) * shape / width
    odd = (np.cos(low * n) - np.cos(high * n)) * shape / width
    even = np.concatenate([even, np.ones_like(width), even[:, ::-1]], 1)
    odd = np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], 1)
    return np.concatenate([even, odd])[:, None].astype(np.float32)
