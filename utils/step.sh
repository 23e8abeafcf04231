# shellcheck shell=bash
# Sourced by a step below its option lines: set options and positional arguments, define the six verbs.
#   need FILE...                    inputs are there, or one message that names what is missing and who makes it
#   begin OUT --out F... --in F...  already made from these inputs and options? say so and exit 0
#   split_data KEYS [FILE...]       split what is left to do over jobs: sets sdata, parts, part, jobs
#   run_jobs NAME COMMAND...        one command per job through $cmd, JOB replaced; OUT/log/NAME.JOB.log
#   collect FILE --keys FILE        one table out of all parts
#   finish                          the stamp that proves the step
set -euo pipefail
_utils=${BASH_SOURCE[0]%/*}
. "$_utils/parse_options.sh"
[[ ! -f path.sh ]] || . ./path.sh
export DIARKIT_STEP=$0 DIARKIT_STEP_PID=$$
_dir='' jobs=1

need() {
  local file
  for file in "$@"; do [[ -e $file ]] || "$_utils/need.py" "$@"; done
}

begin() {
  local name values=() status=0
  for name in $_stamped; do values+=(--option "$name=${!name}"); done
  mkdir -p "$1"
  # The lock is held by this open file, so by this shell and every process it starts, until the last one has ended.
  exec {_lock}>>"$1/.lock"
  "$_utils/stamp.py" begin "$@" --lock "$_lock" --pid $$ "${values[@]}" || status=$?
  (( status != 3 )) || exit 0
  (( status == 0 )) || exit "$status"
  _dir=$1
  trap '[[ ! -e $_dir/.lock ]] || : >"$_dir/.lock"' EXIT
}

split_data() {
  local answer
  answer=$("$_utils/split_data.py" "${nj:-1}" "$_dir" "$@")
  jobs=${answer% *} parts=$_dir/parts part=${answer#* }.JOB sdata=$_dir/split/JOB
}

run_jobs() {
  local name=$1 words
  shift
  (( jobs )) || return 0
  read -ra words <<<"${cmd:-run.py}"
  # What other machines have made may be seen here a little later.
  [[ ${words[0]##*/} == run.py ]] || export DIARKIT_GRACE_S=30
  DIARKIT_STEP_DIR=$_dir "${words[@]}" "JOB=1:$jobs" "$_dir/log/$name.JOB.log" "$@" || {
    echo "$0: $name failed, see $_dir/log. What is finished is kept: run the same command again" >&2
    exit 1
  }
}

collect() { "$_utils/collect.py" "$_dir" "$@"; }

finish() { "$_utils/stamp.py" finish "$_dir"; }
