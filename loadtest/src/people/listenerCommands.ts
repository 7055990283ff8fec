import type { BehaviourCounts, BehaviourPlan } from './behaviour.ts';
import type { AudienceCount, AudiencePartResults } from './AudiencePart.ts';
import type { ListenerKind } from './kinds.ts';
import type { ProcessUsage } from '../run/ProcessMonitor.ts';
import type { WindowResult } from '../hearing/SteadyWindow.ts';

export interface AudiencePartRequest {
  readonly origin: string;
  readonly ownHost: boolean;
  readonly roomId: string;
  /** One for each listener. */
  readonly kinds: readonly ListenerKind[];
}

/** What the main process may ask of one that runs listeners. Everything goes through a structured clone. */
export interface ListenerCommands {
  /** @param offsetMs how far this machine's clock is ahead of the coordinator's */
  setClock(offsetMs: number): Promise<void>;
  /** Makes everyone's session. */
  create(request: AudiencePartRequest): Promise<void>;
  /** Resolves once each has heard something or failed. */
  arrive(atMs: readonly number[]): Promise<void>;
  /** @param sinceEpochMs when the host was about to go live, in ms since 1970: processes have that clock in common. */
  goLive(sinceEpochMs: number): Promise<void>;
  count(): Promise<AudienceCount>;
  /** Lets people act until `stopActing()`. @param share of the audience that these are */
  startActing(plan: BehaviourPlan, share: number, seed: number): Promise<void>;
  /** Resolves once everyone is back in the room. */
  stopActing(): Promise<BehaviourCounts>;
  openWindow(): Promise<void>;
  closeWindow(): Promise<{ readonly window: WindowResult; readonly usage: ProcessUsage }>;
  results(): Promise<AudiencePartResults>;
}

export type CommandName = keyof ListenerCommands;

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
