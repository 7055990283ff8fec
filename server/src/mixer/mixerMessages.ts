import type { VoiceSettings } from './Voice.ts';
import type { MixSettings } from './MixStream.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}
/** Where a mix goes. */
export interface MixOutput {
  readonly address: string;
  readonly port: number;
  /** Leads to other nodes: it gets what is mixed here and nothing that came from elsewhere, so that nothing goes round. */
  readonly outward?: boolean;
}

/** What a room's socket can send: what it mixes, or what it receives as one stream, mixed elsewhere. */
export type MixSource = { readonly kind: 'mix' } | { readonly kind: 'relay'; readonly ssrc: number };

/** Everything that a mix is: sent whole each time, so that a new process takes over from what it is told once. */
export interface RoomState extends MixSettings {
  readonly roomId: string;
  /** Tells a mix from one that the same room had before it. */
  readonly opening: number;
  /** UDP port on 127.0.0.1; 0 until the first process has found a free one. */
  readonly port: number;
  /** The first is what is heard; while nobody has spoken there yet, as when a stage moves, the next. */
  readonly sources: readonly MixSource[];
  readonly speakers: readonly VoiceSettings[];
  readonly outputs: readonly MixOutput[];
}

export interface MixerUsage {
  /** User and system time since the process started. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Of 20 ms, since the process started. */
  readonly ticks: number;
  /** Those that came 10 ms too late or more. */
  readonly lateTicks: number;
  readonly rooms: number;
  readonly speakers: number;
}

export type MixerCommand =
  | { readonly type: 'room'; readonly room: RoomState }
  | { readonly type: 'close'; readonly roomId: string }
  | { readonly type: 'usage' };

export type MixerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'open'; readonly roomId: string; readonly opening: number; readonly port: number }
  | { readonly type: 'failed'; readonly roomId: string; readonly opening: number; readonly message: string }
  | { readonly type: 'usage'; readonly usage: MixerUsage };
