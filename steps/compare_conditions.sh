#!/usr/bin/env bash
# Compare the scores of systems by the condition of the recordings: a table to read, one for programs, a picture.
# Usage: steps/compare_conditions.sh [options] <data> <out>
# Reads:  <data>/reco2condition, and the der.tsv files that --systems names
# Writes: <out>/bench.md <out>/bench.tsv <out>/bench.png
systems=         # <name>=<der.tsv> of every system, with commas
cmd=run.py       # how to start jobs, see cmd.sh
. utils/step.sh
IFS=, read -ra named <<< "$systems"
need "$data/reco2condition" "${named[@]#*=}"
begin "$out" --out bench.md bench.tsv bench.png --in "$data/reco2condition" "${named[@]#*=}"
run_jobs compare compare-conditions.py "$data/reco2condition" "$systems" "$out"
finish
