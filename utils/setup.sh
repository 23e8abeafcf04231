# shellcheck shell=bash
# Sourced by path.sh and tests/run.sh: put a python3 on PATH that imports diarkit and all it needs.
# The one that is there is kept if it does; otherwise make_venv.py makes <toolkit>/.venv, once.
# DIARKIT_EXTRAS=test asks for requirements-test.txt as well. Words go to stderr.
_root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ ${DIARKIT_READY:-} != "$_root ${DIARKIT_EXTRAS:-} $(command -v python3)" ]]; then
  for _python in python3 python3.14 python3.13 python3.12 python3.11 "$_root/.venv/bin/python3" ''; do
    [[ -z $_python ]] || ! "$_python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || break
  done
  if [[ -z $_python ]]; then
    echo "diarkit needs Python 3.11 or newer, found $(python3 --version 2>&1 || true)." \
      "Install one and put it on PATH as python3 or python3.11" >&2
    return 1
  fi
  _bin=$("$_python" -P "$_root/utils/make_venv.py" "${DIARKIT_EXTRAS:-}") || return
  PATH=${_bin:+$_bin:}$PATH
  DIARKIT_READY="$_root ${DIARKIT_EXTRAS:-} $(command -v python3)"
  export PATH DIARKIT_READY
fi
