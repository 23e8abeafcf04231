#!/usr/bin/env bash
# Train speaker embeddings and measure them on speakers held out: is it the same speaker?
# Usage: ./run.sh --corpus DIR --layout NAME [options]
corpus=                                  # folder of the corpus as it is distributed
layout=folder                            # voxceleb, librispeech, vctk, openslr38, folder or utterances
trials=                                  # the corpus's own list of trials, such as veri_test2.txt; drawn when empty
model=                                   # a pretrained model's name or file; trained here when empty
tag=small                                # name of the system: its results lie in exp/<tag>
train_config=conf/train/embedding.conf   # network, loss, augmentation and all else of the training
features=fbank_resnet34                  # conf of the model's features: fbank_resnet34, fbank_campplus, mel_ge2e, ...
lengths="1.5 none"                       # seconds of each utterance to measure on; none: all of it
backend_utterances=20                    # of each training speaker, for the PLDA and as the cohort
prepare_config=conf/prepare.conf         # who is held out, see local/make_data.py --help
plda_config=conf/train/plda.conf               # how the PLDA is trained
nj=2                                     # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${corpus:?is empty. Say where the speech is: ./run.sh --corpus DIR --layout NAME}"
kind=${features%%_*} feats=exp/$features
data=(--layout "$layout" --trials "$trials" --prepare-config "$prepare_config")

stage 0 "speakers to train on" local/prepare.sh "${data[@]}" --part train "$corpus" data/train
stage 0 "some of their utterances" local/prepare.sh "${data[@]}" --part train --most-utterances "$backend_utterances" "$corpus" data/backend
stage 0 "speakers held out" local/prepare.sh "${data[@]}" --part test "$corpus" data/test
stage 0 "trials" steps/make_trials.sh data/test exp/trials

[[ -n $model ]] || stage 1 "training" steps/train_embedding.sh --cmd "$cpu_cmd" --train-config "$train_config" data/train "exp/$tag/model"
model=${model:-exp/$tag/model/final.pt}

for x in backend test; do stage 2 "features $x" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/$features.conf" "data/$x" "$feats/$x"; done

for s in $lengths; do
  emb=exp/$tag/emb_$s plda=exp/$tag/plda_$s out=exp/$tag/$s
  for x in backend test; do stage 3 "windows $s $x" steps/crop_utterances.sh --length-s "$s" "$feats/$x" "$feats/crop_$s/$x"; done
  for x in backend test; do stage 3 "embeddings $s $x" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "$feats/crop_$s/$x" "$emb/$x"; done
  stage 4 "plda $s" steps/train_plda.sh --plda-config "$plda_config" data/backend "$emb/backend" "$plda"
  stage 5 "cosine $s" steps/score_trials.sh exp/trials "$emb/test" "$out/cosine"
  stage 5 "cosine, AS-norm $s" steps/score_trials.sh --mean "$emb/backend" --cohort "$emb/backend" exp/trials "$emb/test" "$out/cosine_asnorm"
  stage 5 "plda $s" steps/score_trials.sh --backend plda --plda "$plda" exp/trials "$emb/test" "$out/plda"
  stage 5 "plda, AS-norm $s" steps/score_trials.sh --backend plda --plda "$plda" --cohort "$emb/backend" exp/trials "$emb/test" "$out/plda_asnorm"
  stage 6 "figures $s" steps/draw_verification.sh --scores "$out/cosine $out/cosine_asnorm $out/plda $out/plda_asnorm" data/test "$emb/test" "$out/figures"
done
stage 7 "results" local/results.py exp
