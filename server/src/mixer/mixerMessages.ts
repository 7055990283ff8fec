import type { MixSound } from './child/sound.ts';
import type { MixSettings } from './child/MixStream.ts';
import type { OpusCodec } from './child/opus/OpusCodec.ts';
import type { VoiceSettings } from './child/voice/Voice.ts';

/** A UDP endpoint. */
export interface Endpoint {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/** Sound in one packet that an audience worker gets, and its listeners from it. */
export type OutputPacketMs = 60 | 120;

/** An audience worker that a mix goes to. */
export interface MixOutput {
  /** On the loopback. */
  readonly port: number;
  readonly packetMs: OutputPacketMs;
}

/** Where a mix is made, and where it goes besides the listeners of this node. */
export interface MixPlan {
  /** The epoch of the home lease under which this node mixes the voices; null when it does not mix them. */
  readonly epoch: number | null;
  /** Mixers of other nodes that get the mix that is made here. */
  readonly nodes: readonly Endpoint[];
  readonly sound: MixSound;
}

/** Everything that a mix is: sent whole each time, so that a new process takes over from what it is told once. */
export interface RoomState extends MixSettings, MixPlan {
  readonly roomId: string;
  /** Tells a mix from one that the same room had before it. */
  readonly opening: number;
  /** UDP port on 127.0.0.1; 0 until the first process has found a free one. */
  readonly port: number;
  /** UDP port that takes the mix from other nodes; 0 as above. A new process may have to take another one. */
  readonly relayPort: number;
  /** What the clock of the cluster says, less that of this machine, in ms. */
  readonly clockMs: number;
  readonly speakers: readonly VoiceSettings[];
  readonly outputs: readonly MixOutput[];
}

export interface MixerUsage {
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Steps of 20 ms in which a packet of a mix was due. */
  readonly ticks: number;
  /** Those that came 10 ms too late or more. */
  readonly lateTicks: number;
  readonly rooms: number;
  readonly speakers: number;
}

/** What a mixer process needs before its first room. */
export interface MixerSettings {
  /** See `deriveRelayKey`; base64. */
  readonly relayKey: string;
  /** Address that ports for other nodes are bound to. */
  readonly listenAddress: string;
}

export type MixerCommand =
  | { readonly type: 'start'; readonly settings: MixerSettings }
  | { readonly type: 'room'; readonly room: RoomState }
  | { readonly type: 'close'; readonly roomId: string }
  | { readonly type: 'usage' };

export type CodecInfo = Pick<OpusCodec, 'name' | 'version'>;

type OfRoom = Pick<RoomState, 'roomId' | 'opening'>;

export type MixOpened = OfRoom & { readonly type: 'open' } & Pick<RoomState, 'port' | 'relayPort'>;

/** A mix could not be opened, or an error ended it. */
export type MixFailed = OfRoom & {
  readonly type: 'failed';
  readonly message: string;
  /** The port that the mix had is taken: it has to get another one. */
  readonly isPortTaken: boolean;
};

export type MixerReport =
  | { readonly type: 'ready'; readonly codec: CodecInfo }
  | MixOpened
  | MixFailed
  /** `uptimeS`: seconds since the process was started. */
  | { readonly type: 'usage'; readonly usage: MixerUsage; readonly uptimeS: number }
  /** An error that belongs to no room; the process ends. */
  | { readonly type: 'crashed'; readonly message: string };
