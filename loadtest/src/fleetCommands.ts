import type { BehaviourCounts, BehaviourPlan } from './behaviour.ts';
import type { FleetCount, FleetResults } from './Fleet.ts';
import type { ListenerKind } from './kinds.ts';
import type { GeneratorUsage } from './Generator.ts';
import type { WindowResult } from './SteadyWindow.ts';

export interface FleetRequest {
  readonly origin: string;
  readonly ownHost: boolean;
  readonly roomId: string;
  /** One for each listener. */
  readonly kinds: readonly ListenerKind[];
}

/** What the main process may ask of one that runs listeners. Everything goes through a structured clone. */
export interface FleetCommands {
  /** @param offsetMs how far this machine's clock is ahead of the coordinator's */
  setClock(offsetMs: number): Promise<void>;
  /** Makes everyone's session. */
  create(request: FleetRequest): Promise<void>;
  /** Resolves once each has heard something or failed. */
  arrive(atMs: readonly number[]): Promise<void>;
  /** @param sinceEpochMs when the host was about to go live, in ms since 1970: processes have that clock in common. */
  goLive(sinceEpochMs: number): Promise<void>;
  count(): Promise<FleetCount>;
  /** Lets people act until `sitStill()`. @param share of the audience that these are */
  behave(plan: BehaviourPlan, share: number, seed: number): Promise<void>;
  /** Resolves once everyone is back in their seat. */
  sitStill(): Promise<BehaviourCounts>;
  openWindow(): Promise<void>;
  closeWindow(): Promise<{ readonly window: WindowResult; readonly usage: GeneratorUsage }>;
  results(): Promise<FleetResults>;
}

export type CommandName = keyof FleetCommands;

export interface CommandMessage {
  readonly id: number;
  readonly name: CommandName;
  readonly args: readonly unknown[];
}

export interface AnswerMessage {
  readonly id: number;
  readonly result?: unknown;
  /** Present when it failed: why, in words. */
  readonly error?: string;
}
