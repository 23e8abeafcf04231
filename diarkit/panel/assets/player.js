// The sound: playing, seeking, leaving out silence or all other speakers, zoom.
const MOST_PX_PER_S = 1000;

class Player {
  constructor(model, data) {
    this.model = model;
    this.audio = document.getElementById("audio");
    this.only = null;
    this.skipSilence = false;
    this.stopAt = null;
    this.duration = data.duration;
    const sound = document.getElementById("sound");
    if (sound) {
      this.audio.src = URL.createObjectURL(new Blob([bytesOf(sound.textContent)], { type: "audio/ogg" }));
      sound.remove();
    } else {
      this.audio.src = data.source.split("/").map(encodeURIComponent).join("/");
    }
    this.surfer = WaveSurfer.create({
      container: "#wave", media: this.audio, height: 110, duration: data.duration, hideScrollbar: true, normalize: true,
      peaks: data.peaks.map((text) => fit(Float32Array.from(new Int8Array(bytesOf(text).buffer), (x) => x / 127), data)),
      waveColor: getComputedStyle(document.documentElement).getPropertyValue("--wave").trim(),
      progressColor: getComputedStyle(document.documentElement).getPropertyValue("--wave-done").trim(),
      cursorColor: "transparent", autoScroll: true, autoCenter: false, dragToSeek: true,
    });
  }

  get time() { return this.audio.currentTime; }
  get playing() { return !this.audio.paused; }

  seek(time) {
    this.stopAt = null;
    this.audio.currentTime = Math.max(0, Math.min(time, this.duration - 0.001));
  }

  toggle() {
    this.stopAt = null;
    if (this.playing) this.audio.pause(); else this.audio.play();
  }

  playTurn(turn) {
    this.seek(turn.start);
    this.stopAt = turn.end;
    this.audio.play();
  }

  // Called while playing: jumps over what is not to be heard.
  follow() {
    const now = this.time;
    if (!this.playing) return;
    if (this.stopAt !== null && now >= this.stopAt) {
      this.audio.pause();
      this.stopAt = null;
      return;
    }
    const heard = this.only !== null ? this.model.spansOf(this.only) : this.skipSilence ? this.model.speech : null;
    if (!heard || this.stopAt !== null) return;
    const next = heard.find(([, end]) => end > now + 0.01);
    if (!next) this.audio.pause();
    else if (next[0] > now + (this.only !== null ? 0.05 : 0.4)) this.audio.currentTime = Math.max(now, next[0] - 0.04);
  }

  get pxPerS() { return this.surfer.getWrapper().clientWidth / this.duration; }

  // Zooms and keeps `time` where it is on the screen, x pixels from the left.
  zoomTo(pxPerS, time = this.time, x = null) {
    const least = this.surfer.getWidth() / this.duration, before = this.pxPerS;
    const at = x === null ? (time * before - this.surfer.getScroll()) : x;
    const inside = at >= 0 && at <= this.surfer.getWidth() ? at : this.surfer.getWidth() / 2;
    this.surfer.zoom(Math.max(least, Math.min(pxPerS, MOST_PX_PER_S)));
    this.surfer.setScroll(Math.max(0, time * this.pxPerS - inside));
  }

  zoomBy(factor, time, x) { this.zoomTo(this.pxPerS * factor, time, x); }
}

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let n = 0; n < letters.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}

// The last peak may reach past the end, as its stretch was not full: cut there, so that peaks and time agree.
function fit(peaks, data) {
  return peaks.subarray(0, Math.max(1, Math.round(data.duration / data.peakSeconds)));
}
