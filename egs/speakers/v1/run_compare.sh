#!/usr/bin/env bash
# Train every network and loss of a list on the same speakers for the same time, and measure them on the same others.
# Usage: ./run_compare.sh --corpus DIR --layout NAME [options]
corpus=                                   # folder of the corpus as it is distributed
layout=folder                             # voxceleb, librispeech, vctk, openslr38, folder or utterances
systems=                                  # which of the list to train, "xvector_aam small_aam"; all when empty
systems_list=conf/compare.tsv             # a line for each: name, options of bin/train-embedding.py
minutes=4.0                               # of training for each; one after the other, so that none disturbs another
out=exp/compare                           # where the systems lie; another folder for another number of minutes
train_config=conf/train_compare.conf      # options that all of them share
dev_speakers=24                           # measured on, of each corpus: the first of the part test by name
dev_utterances=4                          # most utterances of each of them
prepare_config=conf/prepare.conf          # who is in the part test, see local/make_data.py --help
. "$(dirname "$0")/utils/recipe.sh"
: "${corpus:?is empty. Say where the speech is: ./run_compare.sh --corpus DIR --layout NAME}"
data=(--layout "$layout" --prepare-config "$prepare_config")
how=(--minutes="$minutes" --systems-list="$systems_list" --train-config="$train_config" --cache=exp/audio)

stage 0 "speakers to train on" local/prepare.sh "${data[@]}" --part train "$corpus" data/train
stage 0 "some utterances of the others" local/prepare.sh "${data[@]}" --part test --most-utterances "$dev_utterances" "$corpus" data/few_test
stage 0 "some of the others" local/join_parts.py --speakers="$dev_speakers" data/train data/few_test data/compare

for tag in ${systems:-$(cut -f 1 "$systems_list")}; do
  stage 1 "training $tag" $cpu_cmd "$out/log/$tag.log" local/train_for.py "${how[@]}" "$tag" data/compare "$out/$tag"
done
stage 2 "table" local/compare.py --cache=exp/audio data/compare "$out"
