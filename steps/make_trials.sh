#!/usr/bin/env bash
# Make a list of trials of the utterances of a data directory; one that came with the corpus is taken as it is.
# Usage: steps/make_trials.sh [options] <data> <out>
# Reads:  <data>/utt2spk, <data>/utt2group and <data>/trials where they are
# Writes: <out>/trials
trials_config=conf/score/make_trials.conf   # options of bin/make-trials.py
. utils/step.sh
own=$data/trials groups=$data/utt2group
[[ -e $own ]] || own=''
[[ -e $groups ]] || groups=''
need "$data/utt2spk" "$trials_config"
begin "$out" --out trials --in "$data/utt2spk" "$trials_config" ${own:+"$own"} ${groups:+"$groups"}
[[ -n $own ]] || make-trials.py --config="$trials_config" --utt2group="$groups" "$data/utt2spk" "$out/trials"
[[ -z $own ]] || cp "$own" "$out/trials"
finish
