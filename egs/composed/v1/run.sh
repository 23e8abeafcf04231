#!/usr/bin/env bash
# Who spoke when in this corpus, and how well.
# Usage: ./run.sh [options]
corpus=            # folder of the corpus, with one folder of recordings for each set, X.rttm beside X.wav
sets="dev test"    # folders of the corpus to work on
nj=4               # most jobs to run at once
. utils/recipe.sh
: "${corpus:?is empty. Write the folder of the corpus into run.sh, or say --corpus DIR}"

for x in $sets; do stage 0 "data $x" local/prepare.sh --audio "$corpus/$x" "data/$x"; done
for x in $sets; do stage 0 "check $x" utils/validate_data_dir.py "data/$x"; done
