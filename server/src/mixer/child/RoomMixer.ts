import { isRtp, payloadOf, payloadTypeOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { Limiter } from './Limiter.ts';
import { MixStream, type MixSettings } from './MixStream.ts';
import { loadOpus } from './opus/loadOpus.ts';
import type { OpusCodec } from './opus/OpusCodec.ts';
import { FRAME, FRAME_MS, FRAMES_PER_PACKET, type MixSound } from './sound.ts';
import { Voice, type VoiceReport, type VoiceSettings } from './voice/Voice.ts';

/**
 * The mix of one room, without sockets and timers: packets of voices go in, packets of the mix come out. The frames of a packet are
 * mixed together when the last of them is due: none of them is heard before, and the memory of a room is gone through once a packet.
 */
export class RoomMixer {
  readonly #opus: OpusCodec;
  readonly #stream: MixStream;
  /** By SSRC. */
  readonly #voices = new Map<number, Voice>();
  readonly #limiter = new Limiter();
  /** One packet, and the frames in it. */
  readonly #pcm: Float32Array;
  readonly #frames: readonly Float32Array[];
  #sound: MixSound;
  #wasSilent = true;

  private constructor(opus: OpusCodec, stream: MixStream, sound: MixSound) {
    const pcm = new Float32Array(FRAMES_PER_PACKET * FRAME);
    this.#opus = opus;
    this.#sound = sound;
    this.#stream = stream;
    this.#pcm = pcm;
    this.#frames = Array.from({ length: FRAMES_PER_PACKET }, (_, n) => pcm.subarray(n * FRAME, (n + 1) * FRAME));
  }

  /** @param codec the fastest of this machine by default */
  static async create(settings: MixSettings, codec?: OpusCodec): Promise<RoomMixer> {
    const opus = codec ?? (await loadOpus());
    return new RoomMixer(opus, await MixStream.create(settings, opus), settings.sound);
  }

  get voiceCount(): number {
    return this.#voices.size;
  }

  /** The last packet as mixed, before it was encoded. Written over by the next one. */
  get pcm(): Float32Array {
    return this.#pcm;
  }

  /** Takes the whole list each time: a voice that is not in it fades out. */
  setSpeakers(speakers: readonly VoiceSettings[]): void {
    for (const speaker of speakers) {
      const known = this.#voices.get(speaker.ssrc);
      if (known) known.update(speaker);
      else this.#voices.set(speaker.ssrc, new Voice(speaker, this.#sound, this.#opus));
    }
    const wanted = new Set(speakers.map(({ ssrc }) => ssrc));
    for (const [ssrc, voice] of this.#voices) if (!wanted.has(ssrc)) voice.leave();
  }

  /** What the room is made for from now on. */
  setSound(sound: MixSound): void {
    this.#sound = sound;
    this.#stream.setSound(sound);
    for (const voice of this.#voices.values()) voice.setSound(sound);
  }

  /** @param aheadMs what the clock of the cluster says, less that of this machine */
  setClock(aheadMs: number): void {
    this.#stream.setClock(aheadMs);
  }

  /** Mixes again after a time in which nobody called `mix()`. */
  resume(): void {
    this.#stream.restamp();
  }

  /** Takes one datagram, whatever it holds. */
  receive(packet: Buffer, arrivalMs: number): void {
    if (!isRtp(packet)) return;
    const voice = this.#voices.get(ssrcOf(packet));
    const payload = voice && payloadOf(packet);
    if (!payload) return;
    voice.receive(payloadTypeOf(packet), {
      sequenceNumber: sequenceNumberOf(packet),
      timestamp: timestampOf(packet),
      arrivalMs,
      payload,
    });
  }

  /**
   * Mixes the frames of one packet.
   *
   * @param dueMs when the last of them is due: each is made of the packets that had come when it was due
   * @returns null when the packet is not worth sending
   * @throws {Error} when a voice cannot be decoded, or the mix not encoded; the room has to be made anew then
   */
  mix(dueMs: number): Buffer | null {
    let isSilent = true;
    let frameDueMs = dueMs - this.#frames.length * FRAME_MS;
    for (const frame of this.#frames) {
      frameDueMs += FRAME_MS;
      if (this.#mixFrame(frame, frameDueMs)) isSilent = false;
    }
    return this.#stream.pack(this.#pcm, isSilent);
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

  /** @returns false when the frame is digital silence */
  #mixFrame(frame: Float32Array, nowMs: number): boolean {
    frame.fill(0);
    let isSilent = true;
    for (const [ssrc, voice] of this.#voices) {
      if (voice.mixInto(frame, nowMs)) isSilent = false;
      if (voice.speakingDbov !== null) this.#stream.hear(voice.voiceId, voice.speakingDbov);
      if (!voice.isGone) continue;
      voice.close();
      this.#voices.delete(ssrc);
    }
    // The limiter holds the end of the last frame back.
    const isOver = isSilent && this.#wasSilent;
    this.#wasSilent = isSilent;
    if (!isOver) this.#limiter.process(frame);
    return !isOver;
  }
}
