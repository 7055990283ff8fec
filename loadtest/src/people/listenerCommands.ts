import type { BirpcReturn } from 'birpc';
import type { WindowResult } from '../hearing/SteadyWindow.ts';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import type { AudienceCount, AudiencePartResults } from './AudiencePart.ts';
import type { BehaviourCounts, BehaviourPlan } from './behaviour.ts';
import type { ListenerPlan } from '../hearing/kinds.ts';

export interface AudiencePartRequest {
  readonly origin: string;
  readonly roomIds: readonly string[];
  /** One for each listener. */
  readonly plans: readonly ListenerPlan[];
}

/** What the main process may ask of one that runs listeners. Everything goes through a structured clone. */
export interface ListenerCommands {
  /** Makes everyone's session. */
  create(request: AudiencePartRequest): Promise<void>;
  /** Resolves once each has heard something or failed. */
  arrive(atMs: readonly number[]): Promise<void>;
  /** @param sinceEpochMs when the hosts were about to go live, in ms since 1970: processes have that clock in common. */
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

/** A process that runs listeners, on whatever machine. */
export interface ListenerProcess {
  /** Names where it runs: kernel counters are of a whole machine. */
  readonly machine: string;
  /** False once it ended, so that nothing can be known of its listeners. */
  readonly isAlive: boolean;
  /** Its commands. A call rejects in its words, or because it is gone. */
  readonly rpc: BirpcReturn<ListenerCommands>;
  /** Ends it with everyone in it. */
  close(): Promise<void>;
}

/** What a process that runs listeners is told when it starts, by whoever is at its machine. */
export interface ListenerChildOptions {
  /** The person at this machine vouches for a server on another machine. */
  readonly ownHost: boolean;
  /** How far this machine's clock is ahead of the coordinator's. */
  readonly clockOffsetMs: number;
}
