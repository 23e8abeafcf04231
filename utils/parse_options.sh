# shellcheck shell=bash
# Sourced by a script, or by step.sh and recipe.sh for it: set its options and positional arguments from its command
# line, see parse_options.py. Values are data: they are assigned with printf -v and never evaluated.
(( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404 )) || { echo "$0: needs bash 4.4, this is $BASH_VERSION" >&2; exit 2; }
mapfile -d '' -t _pairs < <(python3 -I -S "${BASH_SOURCE[0]%/*}/parse_options.py" "$0" "${BASH_SOURCE[1]}" "$@")
wait $! || exit $?
[[ ${_pairs[0]} != --help ]] || { printf '%s\n' "${_pairs[1]}"; exit 0; }
while (( ${#_pairs[@]} )); do
  printf -v "${_pairs[0]}" %s "${_pairs[1]}"
  _pairs=("${_pairs[@]:2}")
done
