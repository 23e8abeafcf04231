#!/usr/bin/env bash
# Make a new recipe out of egs/TEMPLATE: its own files are copied; steps, utils, bin, local and every folder of conf are links.
# The link local leads to local/<corpus> where there is one, else to local/wavs, which knows folders of audio + RTTM.
# Usage: utils/new_recipe.sh <recipe>
# Writes: <recipe>, for example egs/foo/v1 for the corpus foo
set -euo pipefail
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/utils/parse_options.sh"
if [ -e "$recipe" ] || [ -L "$recipe" ]; then
  echo "$0: $recipe is there already. Choose another name, for example v2" >&2; exit 1
fi
mkdir -p "$recipe/conf"
recipe=$(cd -P "$recipe" && pwd)
corpus=$(basename "$(dirname "$recipe")")
up=$(python3 -c 'import os, sys; print(os.path.relpath(*sys.argv[1:]))' "$root" "$recipe")
[ -d "$root/local/$corpus" ] || corpus=wavs
cp "$root"/egs/TEMPLATE/{run.sh,cmd.sh,path.sh,README.md,RESULTS.md} "$recipe"
for name in steps utils bin; do ln -s "$up/$name" "$recipe/$name"; done
ln -s "$up/local/$corpus" "$recipe/local"
for folder in "$root"/conf/*/; do
  folder=$(basename "$folder")
  ln -s "../$up/conf/$folder" "$recipe/conf/$folder"
done
cat >&2 <<END
Made $recipe. What to do next:
  cd $recipe
  write the folder of your corpus into run.sh, at corpus=
  ./run.sh
It expects <corpus>/dev and <corpus>/test with recordings, and X.rttm beside each X.wav. See docs/ADD_A_CORPUS.md
END
