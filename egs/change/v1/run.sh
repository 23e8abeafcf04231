#!/usr/bin/env bash
# Train the Bi-LSTM change detector on simulated conversations, and compare it with detectors that need no training.
# Usage: ./run.sh --speech DIR [options]
speech=             # folder of speech with utterances.tsv: path, speaker, corpus, seconds
num_train=288       # conversations of five minutes to train on, of half of the speakers
num_dev=12          # more of the same speakers, to choose how changes are picked
num_test=24         # conversations of five minutes to test on, of the other half
nj=2                # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run.sh --speech DIR}"
train=train_$num_train dev=dev_$num_dev test=test_$num_test
bilstm=exp/bilstm_$train feats=exp/change_feats mfcc=exp/mfcc/$test vad=exp/vad_silero/$test seg=exp/segment/$test found=exp/changes

for x in tune test; do stage 0 "speakers $x" local/prepare.sh --speech "$speech" --half "$x" "data/speakers_$x"; done
stage 1 "conversations $train" steps/simulate_conversations.sh --nj "$nj" --cmd "$cpu_cmd" --simulate-config conf/simulate_train.conf --num "$num_train" --seed 1 --prefix train data/speakers_tune "data/$train"
stage 1 "conversations $dev" steps/simulate_conversations.sh --nj "$nj" --cmd "$cpu_cmd" --num "$num_dev" --seed 3 --prefix dev data/speakers_tune "data/$dev"
stage 1 "conversations $test" steps/simulate_conversations.sh --nj "$nj" --cmd "$cpu_cmd" --num "$num_test" --seed 2 --prefix test data/speakers_test "data/$test"
for x in $train $dev $test; do stage 2 "features $x" steps/make_change_feats.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$feats/$x"; done
stage 3 "training" steps/train_change_detector.sh --cmd "$cpu_cmd" "data/$train" "$feats/$train" "$bilstm"
stage 4 "scores $dev" steps/detect_changes.sh --nj "$nj" --cmd "$cpu_cmd" --model "$bilstm/final.pt" "$feats/$dev" "$found/bilstm/$dev"
stage 4 "picking" steps/tune_changes.sh --cmd "$cpu_cmd" "data/$dev" "$found/bilstm/$dev" "$bilstm/pick"
stage 5 "changes by bilstm" steps/detect_changes.sh --nj "$nj" --cmd "$cpu_cmd" --model "$bilstm/final.pt" --pick-config "$bilstm/pick/pick.conf" "$feats/$test" "$found/bilstm/$test"
stage 6 "speech activity" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method silero "data/$test" "$vad"
stage 6 "mfcc" steps/make_mfcc.sh --nj "$nj" --cmd "$cpu_cmd" "data/$test" "$mfcc"
for x in bic divergence kl2; do stage 6 "changes by $x" steps/detect_changes_metric.sh --nj "$nj" --cmd "$cpu_cmd" --method "$x" "$mfcc" "$vad" "$found/$x/$test"; done
stage 7 "local speakers" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "data/$test" "$seg"
stage 8 "score powerset" steps/score_changes.sh --changes change.scp "data/$test" "$seg" "$found/powerset/$test/score"
for x in bilstm bic divergence kl2; do stage 8 "score $x" steps/score_changes.sh "data/$test" "$found/$x/$test" "$found/$x/$test/score"; done
for x in bilstm powerset bic divergence kl2; do stage 9 "$x" grep -e "^recording" -e "^TOTAL" "$found/$x/$test/score/changes.txt"; done
