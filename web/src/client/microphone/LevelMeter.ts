const POLL_MS = 50;
const FFT_SIZE = 2048;
/** The bottom of the meter; below it is the noise of the room. */
const FLOOR_DB = -60;

/** How loud a track is, 20 times a second: `level` is linear as in `RTCRtpSynchronizationSource.audioLevel`. */
export class LevelMeter {
  readonly #audio: AudioContext;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @throws {DOMException} where the browser cannot measure this track, as Firefox cannot at some sample rates. */
  constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
    this.#audio = new AudioContext();
    let analyser: AnalyserNode;
    try {
      analyser = new AnalyserNode(this.#audio, { fftSize: FFT_SIZE });
      this.#source = this.#audio.createMediaStreamSource(new MediaStream([track]));
      this.#source.connect(analyser);
    } catch (error) {
      void this.#audio.close();
      throw error;
    }
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      onLevel(rootMeanSquare(samples));
    }, POLL_MS);
    // Suspended at birth where no click has come before; the click on "check" resumes it.
    void this.#audio.resume();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#source.disconnect();
    void this.#audio.close();
  }
}

/** Where a level stands on a meter from 0 to 1, in steps that the ear takes for equal. */
export function toMeter(level: number): number {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(level)) / FLOOR_DB));
}

function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}
