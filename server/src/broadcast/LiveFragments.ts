import { EventEmitter } from 'node:events';
import { isRtp, ssrcOf } from '@tribune/shared/rtp.ts';
import { Fragmenter } from './Fragmenter.ts';
import type { LiveFragment, RecordedMix } from './recorderMessages.ts';
import { writeFragment } from './segment.ts';

/** Numbers of fragments rise with the time, and have 32 bits. */
const NUMBERS = 0x1_0000_0000;

interface Stream {
  readonly mix: RecordedMix;
  readonly fragmenter: Fragmenter;
}

/** Makes the fragments of the mixes that are heard now. Without sockets and timers. */
export class LiveFragments extends EventEmitter<{ fragment: [LiveFragment] }> {
  readonly #streams = new Map<string, Stream>();
  readonly #bySsrc = new Map<number, Stream>();

  /** Harmless when repeated. */
  open(mix: RecordedMix): void {
    const known = this.#streams.get(mix.recordingId);
    if (known?.mix.ssrc === mix.ssrc && known.mix.port === mix.port) return;
    if (known) this.#bySsrc.delete(known.mix.ssrc);
    const stream = { mix, fragmenter: known?.fragmenter ?? this.#createFragmenter(mix.recordingId) };
    this.#streams.set(mix.recordingId, stream);
    this.#bySsrc.set(mix.ssrc, stream);
  }

  drop(recordingId: string): void {
    const stream = this.#streams.get(recordingId);
    if (!stream) return;
    this.#streams.delete(recordingId);
    this.#bySsrc.delete(stream.mix.ssrc);
  }

  /** Takes one datagram, whatever it holds. @param port that it was sent from, on 127.0.0.1 */
  receive(packet: Buffer, port: number, nowMs: number): void {
    const stream = isRtp(packet) ? this.#bySsrc.get(ssrcOf(packet)) : undefined;
    if (stream?.mix.port === port) stream.fragmenter.receive(packet, nowMs);
  }

  tick(nowMs: number): void {
    for (const { fragmenter } of this.#streams.values()) fragmenter.tick(nowMs);
  }

  #createFragmenter(recordingId: string): Fragmenter {
    const fragmenter = new Fragmenter();
    fragmenter.on('fragment', (fragment) =>
      this.emit('fragment', { recordingId, bytes: writeFragment(fragment, fragment.firstSlot % NUMBERS) }),
    );
    return fragmenter;
  }
}
