import { isRtp, payloadOf, payloadTypeOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { Limiter } from './Limiter.ts';
import { MixStream, type MixSettings } from './MixStream.ts';
import { FRAME } from './sound.ts';
import { Voice, type VoiceReport, type VoiceSettings } from './Voice.ts';

/** The mix of one room, without sockets and timers: packets and ticks go in, packets come out. */
export class RoomMixer {
  readonly #stream: MixStream;
  /** By SSRC. */
  readonly #voices = new Map<number, Voice>();
  readonly #mix = new Float32Array(FRAME);
  readonly #limiter = new Limiter();
  #wasSilent = true;

  private constructor(stream: MixStream) {
    this.#stream = stream;
  }

  /** @param phase see `MixStream.create` */
  static async create(settings: MixSettings, phase = 0): Promise<RoomMixer> {
    return new RoomMixer(await MixStream.create(settings, phase));
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

  /** Mixes again after a time in which nobody called `tick()`. */
  resume(): void {
    this.#stream.restamp();
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
      if (voice.mixInto(this.#mix, nowMs)) isSilent = false;
      if (voice.speakingDbov !== null) this.#stream.hear(voice.voiceId, voice.speakingDbov);
      if (!voice.isGone) continue;
      voice.close();
      this.#voices.delete(ssrc);
    }
    // The limiter holds the end of the last frame back.
    const isOver = isSilent && this.#wasSilent;
    this.#wasSilent = isSilent;
    if (isOver) return this.#stream.add(null);
    this.#limiter.process(this.#mix);
    return this.#stream.add(this.#mix);
  }

  /** The last 20 ms as mixed, before they are encoded. Written over by the next tick. */
  get frame(): Float32Array {
    return this.#mix;
  }

  /** How each voice does, by SSRC. */
  report(): Map<number, VoiceReport> {
    const reports = [...this.#voices].map(([ssrc, voice]) => [ssrc, voice.report()] as const);
    return new Map(reports.filter((entry): entry is readonly [number, VoiceReport] => entry[1] !== null));
  }

  close(): void {
    for (const voice of this.#voices.values()) voice.close();
    this.#voices.clear();
    this.#stream.close();
  }
}
