import { setTimeout as sleep } from 'node:timers/promises';
import type { Action } from '@tribune/shared/permissions.ts';
import type { LiveBroadcast } from '../broadcast/LiveBroadcast.ts';
import type { LiveSegment } from '../broadcast/recorderMessages.ts';
import type { RoomChannel } from '../cluster/RoomChannel.ts';
import type { Answer, Question } from '../cluster/roomMessages.ts';
import type { RoomReports } from '../cluster/RoomReports.ts';
import type { StageHome } from '../cluster/StageHome.ts';
import { AppError } from '../errors.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RoomHealth } from './RoomHealth.ts';

/** Of somebody who is on a node that does not answer. */
const UNKNOWN_NAME = '?';

/** The home closes a segment a moment earlier or later than this node. */
const HOME_CLOSES_MS = 300;

/** What is aimed at somebody who may be connected to another node, and whose name the store may not know. */
const NEED_NAME: ReadonlySet<Action> = new Set(['stage:invite', 'peer:remove', 'peer:ban']);

interface OtherNodesOptions {
  readonly live: LiveBroadcast;
  readonly peers: PeerRegistry;
  readonly health: RoomHealth;
  readonly view: () => {
    readonly record: RoomRecord;
    readonly reports: RoomReports;
    readonly channel: RoomChannel;
    readonly home: StageHome;
  };
}

/** What nodes that have the same room open ask each other about the people in it. */
export class OtherNodes {
  readonly #options: OtherNodesOptions;

  constructor(options: OtherNodesOptions) {
    this.#options = options;
  }

  /** As `RoomChannel.ask()`, of the nodes that may know. */
  async ask(question: Question, isEnough?: (answer: Answer) => boolean) {
    const { reports, channel, home } = this.#options.view();
    const reported = reports.all.filter(({ present }) => present > 0 || question.kind === 'person');
    const nodeIds = new Set(reported.map(({ nodeId }) => nodeId));
    // A node that has just opened the room has heard no report yet, and knows whose the home is.
    if (home.state.kind === 'elsewhere') nodeIds.add(home.state.home.nodeId);
    return channel.ask(question, [...nodeIds], isEnough);
  }

  /** A segment of which something did not come here is heard as the home has it, where it answers in time. */
  async complete({ index, bytes }: LiveSegment): Promise<void> {
    const { live, view } = this.#options;
    const { channel, home } = view();
    let whole: Uint8Array | null = null;
    if (home.state.kind === 'elsewhere') {
      await sleep(HOME_CLOSES_MS);
      const { answers } = await channel.ask({ kind: 'segment', index }, [home.state.home.nodeId]);
      const [answer] = answers;
      if (answer?.kind === 'segment' && answer.bytes !== null) whole = Buffer.from(answer.bytes, 'base64');
    }
    live.add(index, whole ?? bytes);
  }

  /** What this node answers to another. */
  reply(question: Question): Answer {
    const { peers, health, live } = this.#options;
    if (question.kind === 'segment') {
      const bytes = live.find(question.index);
      return { kind: 'segment', bytes: bytes && Buffer.from(bytes).toString('base64') };
    }
    if (question.kind === 'quality') return { kind: 'quality', reports: health.recentReports() };
    if (question.kind === 'search') {
      const { people } = peers.search(question.text);
      return { kind: 'people', people: people.map((person) => ({ ...person, connected: true })) };
    }
    const { userId } = question;
    const name = peers.nameOf(userId);
    const connected = peers.present(userId) !== undefined;
    return { kind: 'people', people: name === undefined ? [] : [{ userId, name, connected }] };
  }

  /**
   * The name of the person at whom an action is aimed, wherever they are connected or were a while ago; not known where it needs none.
   * @throws {AppError} NOT_FOUND where they would have to be in the room, and every node says that they are not
   */
  async nameTarget(action: Action, userId: string): Promise<string | undefined> {
    if (!NEED_NAME.has(action)) return undefined;
    const { peers, view } = this.#options;
    const here = peers.present(userId)?.name;
    const known = here ?? view().record.stage.get(userId)?.name;
    const needsConnection = action === 'stage:invite';
    if (here !== undefined || (known !== undefined && !needsConnection)) return known;
    const isFound = ({ connected }: { connected: boolean }) => connected || !needsConnection;
    const { answers, isPartial } = await this.ask(
      { kind: 'person', userId },
      (answer) => answer.kind === 'people' && answer.people.some(isFound),
    );
    const found = answers.flatMap((answer) => (answer.kind === 'people' ? answer.people : [])).find(isFound);
    const name = found?.name ?? (needsConnection ? undefined : peers.nameOf(userId));
    if (name !== undefined) return name;
    // The store can do without: an invitation lapses where nobody takes it up, and a ban holds wherever they are.
    if (isPartial) return UNKNOWN_NAME;
    throw new AppError('NOT_FOUND', 'They are not in the room');
  }
}
