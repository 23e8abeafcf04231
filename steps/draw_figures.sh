#!/usr/bin/env bash
# Draw each recording: its sound with the changes of speaker, who speaks when, the vectors of its voices; on one page.
# Usage: steps/draw_figures.sh [options] <data> <turns> <out>
# Reads:  <data>/wav.scp <data>/reco2dur <turns>/hyp.rttm; <data>/ref.rttm and <data>/ref.uem where they are there
# Writes: <out>/index.html <out>/{waveform,timeline,clusters}/<reco>.png
clusters=         # folder of labels.scp, and of subsegments where there are some: draws the vectors too
emb=              # folder of the emb.scp that was clustered
seg=              # folder of seg.scp and seg.conf: the labels are of local speakers
projection=tsne   # of the vectors to two dimensions: tsne or pca
changes=          # folder of changes.scp (or change.scp), and of curve.scp where there is one: draws them too
pictures=png      # png or svg
channel=mix       # of the sound: mix, or a number from 1
nj=4              # most jobs to run at once
cmd=run.py        # how to start jobs, see cmd.sh
. utils/step.sh
ref=$data/ref.rttm uem=$data/ref.uem windows=$clusters/subsegments curve=$changes/curve.scp found=$changes/changes.scp
[[ -e $ref ]] || ref='' uem=''
[[ -e $uem ]] || uem=''
[[ -e $windows && -n $clusters && -z $seg ]] || windows=''
[[ -e $curve && -n $changes ]] || curve=''
[[ -e $found || ! -e $changes/change.scp ]] || found=$changes/change.scp
set -- "$data/wav.scp" "$data/reco2dur" "$turns/hyp.rttm" ${ref:+"$ref"} ${uem:+"$uem"} ${changes:+"$found"} \
  ${curve:+"$curve"} ${clusters:+"$emb/emb.scp" "$clusters/labels.scp"} ${windows:+"$windows"} ${seg:+"$seg/seg.scp"}
need "$@" ${seg:+"$seg/seg.conf"}
begin "$out" --out index.html waveform timeline ${clusters:+clusters} --in "$@" ${seg:+"$seg/seg.conf"}
split_data "$@"
hyp=$sdata/hyp.rttm ref=${ref:+$sdata/ref.rttm} uem=${uem:+$sdata/ref.uem} drawn=$parts/pictures
[ -z "$clusters" ] || run_jobs clusters draw-clusters.py --hyp="$hyp" --ref="$ref" --uem="$uem" --method="$projection" \
  --subsegments="${windows:+$sdata/subsegments}" --seg="${seg:+$sdata/seg.scp}" --seg-config="${seg:+$seg/seg.conf}" \
  --format="$pictures" "scp:$sdata/emb.scp" "scp:$sdata/labels.scp" "$drawn/clusters" "$parts/clusters.$part.scp"
[ -z "$clusters" ] || collect clusters.scp --keys "$data/wav.scp"
run_jobs waveform draw-waveform.py --hyp="$hyp" --ref="$ref" --uem="$uem" --changes="${changes:+$sdata/${found##*/}}" \
  --curve="${curve:+$sdata/curve.scp}" --channel="$channel" --format="$pictures" \
  "$sdata/wav.scp" "$drawn/waveform" "$parts/waveform.$part.scp"
run_jobs timeline draw-timeline.py --ref="$ref" --uem="$uem" --format="$pictures" "$hyp" "$sdata/reco2dur" \
  "$drawn/timeline" "$parts/timeline.$part.scp"
collect waveform.scp --keys "$data/wav.scp"
collect timeline.scp --keys "$data/wav.scp"
make-figure-page.py "$data/reco2dur" "$out" "$out/waveform.scp" "$out/timeline.scp" ${clusters:+"$out/clusters.scp"}
finish
