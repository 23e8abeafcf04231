#!/usr/bin/env bash
# Your own recordings: a folder of audio in; who spoke when, overlaps included, as files for other programs and as pages to hear and correct.
# Usage: ./run.sh --audio DIR [options]      ./run_stages.sh does the same, stage by stage, with every intermediate on disk
audio=           # folder of recordings, at any depth, in any format: audio or film
rttm=            # references, where there are any: an RTTM file or a folder; X.rttm beside X.wav when empty
ref=             # references in another format: TextGrid, eaf, csv, stm, cha and others, a file or a folder
name=wavs        # name of this set of recordings, in data/ and exp/
model=small      # speaker embedding: small, which comes along, or resnet34, a download of 27 MB
channel=auto     # auto: a call with one speaker on each channel is taken apart, all else is mixed; mix, separate, or a number
num_speakers=    # exactly this many speakers in each recording
min_speakers=    # at least this many
max_speakers=    # at most this many
nj=2             # most jobs to run at once
formats=rttm,json,csv,srt,vtt   # also tsv ass textgrid eaf audacity list table ctm stm exclusive
panel=embed      # pages with the sound inside, with a link to it (link), or none
threads=1        # processor threads of a job; 2 for a single long recording on two processors
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${audio:?is empty. Say where your recordings are: ./run.sh --audio DIR}"
data=data/$name found=exp/${model}_overlap/$name

stage 0 "data" local/prepare.sh --audio "$audio" --rttm "$rttm" --ref "$ref" "$data"
stage 1 "who spoke when" steps/diarize.sh --nj "$nj" --cmd "$cpu_cmd" --threads "$threads" --model "$model" --channel "$channel" \
  --num-speakers "$num_speakers" --min-speakers "$min_speakers" --max-speakers "$max_speakers" "$data" "$found"
[ ! -e "$data/ref.rttm" ] || stage 2 "score" steps/score.sh --cmd "$cpu_cmd" "$data" "$found" "$found/score"
stage 3 "results in $found/results" steps/export_turns.sh --nj "$nj" --cmd "$cpu_cmd" --formats "$formats" "$data" "$found" "$found/results"
[ "$panel" = none ] || stage 4 "pages: $found/results/html/index.html" steps/make_panel.sh --nj "$nj" --cmd "$cpu_cmd" --audio "$panel" "$data" "$found" "$found/results/html"
