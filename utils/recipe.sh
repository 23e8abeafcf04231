# shellcheck shell=bash
# Sourced by run.sh below its knobs: set them from the command line, enter the recipe's environment, define `stage`.
# Runs under `set -euo pipefail`. A failure ends with the command that goes on from there.
set -euo pipefail
stage=0          # first stage to run
stop_stage=1000  # last stage to run
. "${BASH_SOURCE[0]%/*}/parse_options.sh"
cd "$(dirname "$0")"   # so that a recipe runs from anywhere; paths in options are relative to the recipe
. ./path.sh
. ./cmd.sh

export DIARKIT_RUN_PID=$$   # the runner watches it: jobs end with the recipe
_seen='' _ran=false _running=''

# stage N "name" COMMAND...: run the command if stage <= N <= stop-stage; a failure ends the recipe.
stage() {
  _number=$1 _name=$2
  shift 2
  [[ $BASHPID == "$$" ]] || _lost
  [[ " $_seen " == *" $_number "* ]] || _seen="${_seen:+$_seen }$_number"
  (( _number >= stage && _number <= stop_stage )) || return 0
  echo "$(date '+%F %T') stage $_number: $_name"
  _running="stage $_number ($_name)" _ran=true
  "$@"
  # Under set -e a failure has ended the script above; in `stage ... || true` it ends here.
  _status=$?
  (( _status == 0 )) || exit "$_status"
  _running=''
}

_lost() {
  echo "$0: stage $_number ($_name) stands in a pipe, (...) or before &, where its failure could be lost." \
    "Give the step more jobs instead" >&2
  kill "$$"
  exit 1
}

# On the way out: name the stage that failed and how to go on, or say that no stage was asked for.
_goodbye() {
  local status=$? self=$0
  [[ $self == */* ]] || self=./$self
  if [[ -n $_running ]]; then
    (( status )) || status=1
    echo "$_running failed with status $status. After fixing it: $self ${_again:+$_again }--stage $_number" >&2
  elif (( status == 0 )) && [[ -n $_seen && $_ran == false ]]; then
    echo "$0: nothing was run: there is no stage from $stage to $stop_stage, only $_seen" >&2
    status=2
  fi
  exit "$status"
}
trap _goodbye EXIT
