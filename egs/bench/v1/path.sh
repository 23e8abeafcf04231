# shellcheck shell=bash
# The environment of a recipe, sourced by run.sh and by every step. The same file in every recipe.
# The link utils beside this file leads to the toolkit, wherever the recipe lies.
DIARKIT_ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/utils/.." && pwd)
export DIARKIT_ROOT
. "$DIARKIT_ROOT/utils/setup.sh" || return
# Before the .venv's bin, which holds copies of the binaries made when it was set up.
case :$PATH: in
  :"$DIARKIT_ROOT/utils:$DIARKIT_ROOT/bin":*) ;;
  *) PATH=$DIARKIT_ROOT/utils:$DIARKIT_ROOT/bin:$PATH;;
esac
export PATH LC_ALL=C PYTHONUTF8=1
# One thread a process: a step runs one job per CPU. `run.py --num-threads 4` gives a job more.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
