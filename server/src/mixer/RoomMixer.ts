import { isRtp, payloadOf, payloadTypeOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { MixStream, type MixSettings } from './MixStream.ts';
import { FRAME } from './sound.ts';
import { Voice, type VoiceSettings } from './Voice.ts';

/** From here on a voice counts as speaking, in dBov. */
const SPEAKING_DBOV = -45;

/** The mix of one room, without sockets and timers: packets and ticks go in, packets come out. */
export class RoomMixer {
  readonly #stream: MixStream;
  /** By SSRC. */
  readonly #voices = new Map<number, Voice>();
  readonly #mix = new Float32Array(FRAME);

  private constructor(stream: MixStream) {
    this.#stream = stream;
  }

  static async create(settings: MixSettings): Promise<RoomMixer> {
    return new RoomMixer(await MixStream.create(settings));
  }

  get voiceCount(): number {
    return this.#voices.size;
  }

  /** The whole list each time: who is not in it fades out. */
  setSpeakers(speakers: readonly VoiceSettings[]): void {
    for (const speaker of speakers) {
      const known = this.#voices.get(speaker.ssrc);
      if (known) known.update(speaker);
      else this.#voices.set(speaker.ssrc, new Voice(speaker));
    }
    const wanted = new Set(speakers.map(({ ssrc }) => ssrc));
    for (const [ssrc, voice] of this.#voices) if (!wanted.has(ssrc)) voice.leave();
  }

  /** Takes one datagram, whatever it holds. */
  receive(packet: Buffer, nowMs: number): void {
    if (!isRtp(packet)) return;
    const voice = this.#voices.get(ssrcOf(packet));
    const payload = voice && payloadOf(packet);
    if (!payload) return;
    voice.receive(payloadTypeOf(packet), {
      sequenceNumber: sequenceNumberOf(packet),
      timestamp: timestampOf(packet),
      arrivalMs: nowMs,
      payload,
    });
  }

  /** Mixes the next 20 ms. A packet to send, when there is one. */
  tick(nowMs: number): Buffer | null {
    this.#mix.fill(0);
    let isSilent = true;
    for (const [ssrc, voice] of this.#voices) {
      const level = voice.mixInto(this.#mix, nowMs);
      if (level > -Infinity) isSilent = false;
      if (level > SPEAKING_DBOV) this.#stream.hear(voice.voiceId, level);
      if (!voice.isGone) continue;
      voice.close();
      this.#voices.delete(ssrc);
    }
    return this.#stream.add(isSilent ? null : this.#mix);
  }

  close(): void {
    for (const voice of this.#voices.values()) voice.close();
    this.#voices.clear();
    this.#stream.close();
  }
}
