#!/usr/bin/env bash
# Train the Bi-LSTM change detector on simulated conversations, and compare it with detectors that need no training.
# Usage: ./run.sh --speech DIR [options]
speech=             # folder of speech with utterances.tsv: path, speaker, corpus, seconds
num_train=288       # conversations of five minutes to train on, of half of the speakers
num_test=24         # conversations of five minutes to test on, of the other half
pick_config=conf/pick_changes.conf   # options of bin/pick-changes.py
nj=2                # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run.sh --speech DIR}"
train=train_$num_train test=test_$num_test
bilstm=exp/bilstm_$train feats=exp/change_feats mfcc=exp/mfcc/$test speech_of=exp/vad_silero/$test seg=exp/segment/$test found=exp/changes

for x in tune test; do stage 0 "speakers $x" local/prepare.sh --speech "$speech" --half "$x" "data/speakers_$x"; done
stage 1 "conversations $train" steps/simulate_conversations.sh --nj "$nj" --cmd "$cpu_cmd" --simulate-config conf/simulate_train.conf --num "$num_train" --seed 1 --prefix train data/speakers_tune "data/$train"
stage 1 "conversations $test" steps/simulate_conversations.sh --nj "$nj" --cmd "$cpu_cmd" --num "$num_test" --seed 2 --prefix test data/speakers_test "data/$test"
for x in $train $test; do stage 2 "features $x" steps/make_change_feats.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$feats/$x"; done
stage 3 "training" steps/train_change_detector.sh --cmd "$cpu_cmd" "data/$train" "$feats/$train" "$bilstm"
stage 4 "changes by bilstm" steps/detect_changes.sh --nj "$nj" --cmd "$cpu_cmd" --model "$bilstm/final.pt" --pick-config "$pick_config" "$feats/$test" "$found/bilstm/$test"
stage 5 "speech activity" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method silero "data/$test" "$speech_of"
stage 5 "mfcc" steps/make_mfcc.sh --nj "$nj" --cmd "$cpu_cmd" "data/$test" "$mfcc"
for x in bic divergence kl2; do stage 6 "changes by $x" steps/detect_changes_metric.sh --nj "$nj" --cmd "$cpu_cmd" --method "$x" "$mfcc" "$speech_of" "$found/$x/$test"; done
stage 7 "local speakers" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "data/$test" "$seg"
stage 8 "score powerset" steps/score_changes.sh --changes change.scp "data/$test" "$seg" "$found/powerset/$test/score"
for x in bilstm bic divergence kl2; do stage 8 "score $x" steps/score_changes.sh "data/$test" "$found/$x/$test" "$found/$x/$test/score"; done
