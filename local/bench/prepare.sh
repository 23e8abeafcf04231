#!/usr/bin/env bash
# Compose conversations under many conditions, so and so many of each, into one data directory.
# Usage: local/prepare.sh [options] <out>
# Reads:  the folder named by --speech: utterances.tsv and the audio it lists; and the conditions
# Writes: <out>/audio/*.flac wav.scp reco2dur ref.rttm ref.uem reco2num_spk reco2condition
speech=          # folder of speech with utterances.tsv
half=tune        # half of the speakers: tune or test; they share nobody
seed=1           # seed of every random choice
conditions=conf/bench/conditions.txt   # what is composed
read_corpora=librispeech_train_clean_5,speechocean762,vietnamese_gmm,resemblyzer_audio   # corpora of read sentences
words_corpora=arabic_commands,dspspeech20,gsc_v1_300,alphanumeric_duke                   # corpora of single words
base_config=conf/simulate/deck.conf    # options of bin/simulate-conversations.py that hold for all conditions
. utils/step.sh
need "$speech/utterances.tsv" "$conditions" "$base_config"
begin "$out" --out wav.scp ref.rttm reco2condition audio turns --in "$speech/utterances.tsv" "$conditions" "$base_config"
select-utterances.py --half="$half" --corpora="$read_corpora" --min-utterances=4 "$speech" "$out/read"
select-utterances.py --half="$half" --corpora="$words_corpora" --min-utterances=4 --min-seconds=0.25 "$speech" "$out/words"
mkdir -p "$out/plans"
while read -r name num seconds pool line; do
  read -ra given <<< "$line"
  options=(--config="$base_config" --duration="$seconds" --seed="$seed" "${given[@]}")
  plan-conversations.py "${options[@]}" --num-conversations="$num" --prefix="$name-" "$out/$pool" "$out/plans/$name"
  simulate-conversations.py "${options[@]}" "$out/$pool" "$out/plans/$name" "$out" "$out/plans/$name.scp"
  while read -r reco _; do echo "$reco $name"; done < "$out/plans/$name" > "$out/plans/$name.condition"
done < <(grep -v '^#' "$conditions")
sort "$out"/plans/*.scp > "$out/wav.scp"
sort "$out"/plans/*.condition > "$out/reco2condition"
describe-conversations.py "$out"
finish
