import type { ProcessUsage } from '../ProcessMonitor.ts';
import type { HttpPlane, PlayerResult } from './Player.ts';

export interface PlayerPlan {
  readonly plane: HttpPlane;
  readonly roomId: string;
  /** When it sets out, in ms from the beginning. */
  readonly atMs: number;
}

/** What the main process may ask of one that runs players. */
export interface PlayerCommands {
  /** Resolves once each plays or has failed. */
  arrive(origin: string, plans: readonly PlayerPlan[]): Promise<void>;
  openWindow(): Promise<void>;
  closeWindow(): Promise<PlayerWindow>;
  results(): Promise<PlayerResult[]>;
}

/** What players of one process did within the window. */
export interface PlayerWindow {
  /** How far behind each was, once a second; by plane. */
  readonly behindS: Readonly<Record<HttpPlane, readonly number[]>>;
  readonly usage: ProcessUsage;
}
