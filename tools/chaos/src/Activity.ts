import { setTimeout as sleep } from 'node:timers/promises';
import { SignalingError, type SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { ChaosRoom } from './ChaosRoom.ts';
import type { Cluster } from './cluster/Cluster.ts';
import type { ProbeListener } from './ProbeListener.ts';

/** A request has to be answered within this, if only with the code that says that it cannot be done now. */
export const ANSWER_MS = 5000;
const ACT_EVERY_MS = 250;
/** How long a hand stays up, an invitation stands, and someone who was sent out stays out. */
const HOLD_MS = 1000;

type Requests = Pick<SignalingClient, 'request'>['request'];

export interface ActivityOptions {
  /** Time from one raised hand to the next. Without it, hands are raised in turn with everything else. */
  readonly handsEveryMs?: number | undefined;
}

/**
 * People who act on every node while a fault is on: they raise and lower hands, mute and unmute, invite, search, send people out and
 * let them in again. Each request has to be answered in time, with success or with the code of a refusal.
 */
export class Activity {
  readonly #cluster: Cluster;
  readonly #room: ChaosRoom;
  readonly #stopping = new AbortController();
  readonly #answerMs: number[] = [];
  readonly #problems: string[] = [];
  readonly #codes = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #loops: Promise<void>[];
  #turn = 0;
  #nodeTurn = 0;
  #guestTurn = 0;
  readonly #busyGuests = new Set<number>();
  #isMuted = false;

  constructor(cluster: Cluster, room: ChaosRoom, { handsEveryMs }: ActivityOptions = {}) {
    this.#cluster = cluster;
    this.#room = room;
    const acts = [
      async () => this.#raiseHand(),
      async () => this.#search(),
      async () => this.#toggleMute(),
      async () => this.#invite(),
      async () => this.#react(),
      async () => this.#sendOut('peer:ban'),
      async () => this.#raiseHand(),
      async () => this.#search(),
      async () => this.#toggleMute(),
      async () => this.#invite(),
      async () => this.#raiseHand(),
      async () => this.#sendOut('peer:remove'),
    ];
    this.#loops = [this.#repeat(ACT_EVERY_MS, async () => acts[this.#turn++ % acts.length]!())];
    if (handsEveryMs !== undefined) this.#loops.push(this.#repeat(handsEveryMs, async () => this.#raiseHand()));
  }

  /** How long each request took that was answered, or went without an answer though its node and its connection lived. */
  get answerMs(): readonly number[] {
    return this.#answerMs;
  }

  /** Requests without an answer, and answers that nobody foresaw. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** What was answered, how often. */
  get summary(): string {
    return [...this.#codes].map(([code, count]) => `${count} ${code}`).join(', ');
  }

  /** Resolves once everyone has ended what they had begun. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    await Promise.all(this.#underWay);
  }

  /** Acts go on side by side: a slow one delays no other. */
  async #repeat(everyMs: number, act: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const done = act().finally(() => this.#underWay.delete(done));
      this.#underWay.add(done);
      await this.#wait(everyMs);
    }
  }

  async #raiseHand(): Promise<void> {
    const probe = this.#pick();
    if (!probe) return;
    await this.#ask(probe, 'hand:raise', async (request) => request('hand:raise'));
    await this.#wait(HOLD_MS);
    await this.#ask(probe, 'hand:lower', async (request) => request('hand:lower'));
  }

  async #react(): Promise<void> {
    const probe = this.#pick();
    if (probe) await this.#ask(probe, 'reaction:send', async (request) => request('reaction:send', { kind: 'clap' }));
  }

  async #search(): Promise<void> {
    const query = this.#pick()?.name ?? '';
    await this.#ask(this.#room.host, 'audience:list', async (request) => request('audience:list', { query }));
  }

  async #invite(): Promise<void> {
    const probe = this.#pick();
    if (!probe) return;
    const { userId } = probe;
    await this.#ask(this.#room.host, 'stage:invite', async (request) => request('stage:invite', { userId }));
    await this.#wait(HOLD_MS);
    await this.#ask(probe, 'stage:decline', async (request) => request('stage:decline'));
  }

  async #toggleMute(): Promise<void> {
    const { speaker } = this.#room;
    if (!speaker) return;
    this.#isMuted = !this.#isMuted;
    const muted = this.#isMuted;
    // Their microphone goes on sending: it is the server that must not let it through.
    await this.#ask(speaker, 'stage:setMuted', async (request) => request('stage:setMuted', { muted }));
  }

  /** A guest is sent out, and comes back by hand a little later; one who is out already comes back at once. */
  async #sendOut(action: 'peer:ban' | 'peer:remove'): Promise<void> {
    const { guests, host, hearing } = this.#room;
    if (guests.length === 0) return;
    const index = this.#guestTurn++ % guests.length;
    if (this.#busyGuests.has(index)) return;
    this.#busyGuests.add(index);
    const guest = guests[index]!;
    const { userId } = guest;
    if (guest.isConnected) {
      await this.#ask(host, action, async (request) => request(action, { userId }));
      await this.#wait(HOLD_MS);
    }
    if (action === 'peer:ban')
      await this.#ask(host, 'peer:unban', async (request) => request('peer:unban', { userId }));
    if (!guest.isConnected) {
      guest.close();
      guests[index] = guest.again(this.#cluster.origin, hearing);
      // Whoever is still banned, since the word that they are not came to nothing, stays out.
      await guests[index].enter().catch(() => undefined);
    }
    this.#busyGuests.delete(index);
  }

  /** The next listener, on the nodes in turn. */
  #pick(): ProbeListener | undefined {
    const { nodes } = this.#cluster;
    const at = this.#room
      .probesAt(nodes[this.#nodeTurn++ % nodes.length]!.origin)
      .filter(({ isConnected }) => isConnected);
    return at[Math.floor(Math.random() * at.length)];
  }

  async #ask(
    who: { readonly signaling: SignalingClient; readonly node?: string | null },
    name: string,
    send: (request: Requests) => Promise<unknown>,
  ): Promise<void> {
    const { signaling, node = null } = who;
    if (!signaling.connected || this.#isGone(node)) return;
    const startedMs = performance.now();
    const answered = send(async (...args) => signaling.request(...args)).then(
      () => 'ok',
      (error: unknown) => (error instanceof SignalingError ? error.code : `INTERNAL (${String(error)})`),
    );
    const late = new AbortController();
    const answer = await Promise.race([answered, sleep(ANSWER_MS, 'no answer', { signal: late.signal })]);
    late.abort();
    // The answer went with the connection, or with the node: the listener's page asks again then.
    if (!signaling.connected || this.#isGone(node)) return;
    this.#codes.set(answer, (this.#codes.get(answer) ?? 0) + 1);
    this.#answerMs.push(performance.now() - startedMs);
    if (answer === 'no answer' || answer.startsWith('INTERNAL')) this.#problems.push(`${name}: ${answer}`);
  }

  /** Someone on stage is at a node that is not known here: any node that stands still may be it. */
  #isGone(origin: string | null): boolean {
    const { nodes } = this.#cluster;
    return nodes.some((node) => (origin === null || node.origin === origin) && node.state !== 'running');
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
