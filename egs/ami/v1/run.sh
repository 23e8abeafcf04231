#!/usr/bin/env bash
# Bi-LSTM change detection, a d-vector of the first seconds of each piece, mean shift or k-means: from corpus to DER.
# Usage: ./run.sh --corpus DIR [options]
corpus=                # folder of the corpus, see README.md
train_on=              # another recipe whose corpus is trained on, such as hindi_b; this one's when empty
train_corpus=          # folder of that corpus
train_set=train        # what is trained on: a list of recordings, train.txt; a set that shares one of them is not scored
sets="dev test"        # what is scored: lists too
lists=conf/lists       # folder of lists of recordings
detector=              # change_bilstm, which is shipped, or trained weights; trained here when empty
clustering=meanshift   # meanshift, meanshift_tsne (as published), or kmeans with the number of speakers given
prepare_config=conf/prepare.conf       # options of local/make_data.py
train_config=conf/train/change.conf    # options of bin/train-change-detector.py
pick_config=conf/change/pick.conf     # options of bin/pick-changes.py
sure=2.0               # shorter pieces found no speaker, seconds; 0: all are alike, as published
nj=2                   # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${corpus:?is empty. Say where the corpus is: ./run.sh --corpus DIR}"
[ -z "$train_on" ] || [ "$stage" != 0 ] || : "${train_corpus:?is empty. Say where the corpus of $train_on is: --train-corpus DIR}"
case $clustering in kmeans) given=reco2num_spk;; *) given='';; esac
case $detector in '') train=${train_on:+${train_on}_}$train_set by=bilstm_$train model=exp/bilstm_$train/final.pt;; *) train='' by=given model=$detector;; esac
home=${train_on:+../../$train_on/v1} train_lists=${train_on:+../../$train_on/v1/conf/lists} speech=exp/vad_webrtc feats=exp/change_feats changes=exp/changes_$by pieces=exp/pieces_$by
mel=exp/mel_ge2e emb=exp/ge2e_$by found=exp/ge2e_${by}_$clustering

for x in $train; do stage 0 "data $x" "${home:-.}/local/prepare.sh" --list "${train_lists:-$lists}/$train_set.txt" --prepare-config "${home:-.}/conf/prepare.conf" "${train_corpus:-$corpus}" "data/$x"; done
for x in $sets; do stage 0 "data $x" local/prepare.sh --list "$lists/$x.txt" --prepare-config "$prepare_config" "$corpus" "data/$x"; done
for x in $train $sets; do stage 0 "check $x" utils/validate_data_dir.py "data/$x"; done
for x in $train $sets; do stage 1 "change features $x" steps/make_change_feats.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$feats/$x"; done
for x in $train; do stage 2 "train on $x" steps/train_change_detector.sh --cmd "$cpu_cmd" --train-config "$train_config" "data/$x" "$feats/$x" "exp/bilstm_$x"; done
for x in $sets; do stage 3 "changes $x" steps/detect_changes.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" --pick-config "$pick_config" "$feats/$x" "$changes/$x"; done
for x in $sets; do stage 3 "score changes $x" steps/score_changes.sh --cmd "$cpu_cmd" "data/$x" "$changes/$x" "$changes/$x/score"; done
for x in $sets; do stage 4 "speech activity $x" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method webrtc "data/$x" "$speech/$x"; done
for x in $sets; do stage 4 "pieces $x" steps/split_at_changes.sh --cmd "$cpu_cmd" "$speech/$x" "$changes/$x" "$pieces/$x"; done
for x in $sets; do stage 5 "mel features $x" steps/make_mel.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$mel/$x"; done
for x in $sets; do stage 5 "d-vectors $x" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model ge2e --embed-config conf/embed/pieces.conf "$mel/$x" "$pieces/$x" "$emb/$x"; done
for x in $sets; do stage 6 "speakers $x" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config conf/cluster/tuned_ge2e.conf --reco2num-spk "${given:+data/$x/$given}" --sure "$sure" "$emb/$x" "$found/$x"; done
for x in $sets; do stage 7 "turns $x" steps/make_turns.sh --cmd "$cpu_cmd" "data/$x" "$found/$x" "$found/$x/turns"; done
for x in $sets; do stage 8 "score $x" steps/score.sh --cmd "$cpu_cmd" --tuned-on "${train:+data/$train/wav.scp}" "data/$x" "$found/$x/turns" "$found/$x/score"; done
for x in $sets; do stage 8 "results $x" cat "$found/$x/score/der.txt"; done
for x in $sets; do stage 9 "figures $x" steps/draw_figures.sh --nj "$nj" --cmd "$cpu_cmd" --clusters "$found/$x" --emb "$emb/$x" --changes "$changes/$x" "data/$x" "$found/$x/turns" "$found/$x/figures"; done
