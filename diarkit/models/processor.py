"""What the processor can do: whether 8-bit integers are multiplied fast and exactly."""

import functools
import platform

FAST_FLAGS = {"avx512_vnni", "avx_vnni", "asimddp"}  # Intel and AMD; 64-bit Arm


@functools.cache
def has_fast_integers():
    """Tell whether products of 8-bit integers are summed in 32 bits by one instruction.

    Other x86 processors have one that clips the sums at 16 bits, so integers are not used there. Where the system
    does not tell (it is not Linux), Arm alone is taken to have it.
    """
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return any(FAST_FLAGS & set(line.partition(":")[2].split()) for line in file
                       if line.startswith(("flags", "Features")))
    except OSError:
        return platform.machine().lower() in ("arm64", "aarch64")
