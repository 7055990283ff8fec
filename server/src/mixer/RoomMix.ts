import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { MixOutput, MixPlan, RoomState } from './mixerMessages.ts';
import type { VoiceSettings } from './child/voice/Voice.ts';

/** A voice that is sent to a mix. */
export type MixSpeaker = VoiceSettings;

interface RoomMixOptions {
  readonly read: () => RoomState;
  readonly update: (change: Partial<RoomState>) => void;
  readonly close: () => void;
}

/** The mix of one room. */
export class RoomMix extends EventEmitter<{
  /** Another process makes it from here on: same port, same SSRC, packets numbered anew. */
  renumbered: [];
  /** It has ended for good: its port was taken, or it failed too often. The room needs another one. */
  lost: [];
}> {
  readonly #options: RoomMixOptions;

  constructor(options: RoomMixOptions) {
    super();
    this.#options = options;
  }

  /** UDP port on 127.0.0.1 that takes the speakers' RTP, and that the mix is sent from. Stays the same. */
  get port(): number {
    return this.#options.read().port;
  }

  /** UDP port on the relay address that takes the mix from mixers of other nodes. May change when a mixer is replaced. */
  get relayPort(): number {
    return this.#options.read().relayPort;
  }

  /** Of the mix. Stays the same. */
  get ssrc(): number {
    return this.#options.read().ssrc;
  }

  /** The whole list each time. Whoever is not in it, or is muted, is not in the mix, whatever they send. */
  setSpeakers(speakers: readonly MixSpeaker[]): void {
    this.#options.update({ speakers });
  }

  /** The audience workers that the mix is sent to: the whole list each time. */
  setOutputs(outputs: readonly MixOutput[]): void {
    this.#options.update({ outputs });
  }

  /** The whole plan each time; the mixer hears of it when it is another one. What comes from other nodes needs no plan: it says by itself what it is. */
  setMix({ epoch, nodes, sound }: MixPlan): void {
    const now = this.#options.read();
    const isSame = epoch === now.epoch && sound === now.sound && isDeepStrictEqual(nodes, now.nodes);
    if (!isSame) this.#options.update({ epoch, nodes, sound });
  }

  close(): void {
    this.#options.close();
  }
}
