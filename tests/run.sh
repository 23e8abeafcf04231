#!/usr/bin/env bash
# Set up what the tests need, lint, and run them all but the slow ones; arguments go to pytest.
# All of them run in parallel, one worker for each processor, the tests of a file together; TEST_JOBS=1 runs them in order.
# Usage: tests/run.sh [pytest arguments]      tests/run.sh -m slow      tests/run.sh tests/test_fbank.py -k hamming
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DIARKIT_EXTRAS=test
. utils/setup.sh
export PATH=$PWD/utils:$PWD/bin:$PATH LC_ALL=C PYTHONUTF8=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
ruff check .
jobs=()
case " $* " in *" tests/"* | *" -n"*) ;; *) jobs=(-n "${TEST_JOBS:-$(nproc)}" --dist loadfile --no-loadscope-reorder);; esac
case " $* " in *" -m "*) exec python3 -m pytest "${jobs[@]}" "$@";; esac
exec python3 -m pytest -m "not slow" "${jobs[@]}" "$@"
