import { describe, expect, it } from 'vitest';
import type { ClusterBus, RoomListener } from './ClusterBus.ts';
import { RoomChannel } from './RoomChannel.ts';
import type { Answer, RoomMessage, RoomReport } from './roomMessages.ts';

/** Carries messages between the channels of several nodes, and loses those it is told to. */
class Wire {
  readonly #nodes = new Map<string, RoomListener>();
  isUp = true;
  doubles = false;
  loses: (message: RoomMessage, from: string) => boolean = () => false;

  busOf(nodeId: string): ClusterBus {
    const bus: Pick<ClusterBus, 'nodeId' | 'subscribe' | 'unsubscribe' | 'publish'> = {
      nodeId,
      subscribe: (_roomId, listener) => void this.#nodes.set(nodeId, listener),
      unsubscribe: () => void this.#nodes.delete(nodeId),
      publish: async (_roomId, message) => {
        if (!this.isUp) return false;
        for (const [id, listener] of this.#nodes) {
          if (id === nodeId || this.loses(message, nodeId)) continue;
          queueMicrotask(() => listener.handleMessage(message, nodeId));
          if (this.doubles) queueMicrotask(() => listener.handleMessage(message, nodeId));
        }
        return true;
      },
    };
    return bus as ClusterBus;
  }
}

const people = (...names: string[]): Answer => ({
  kind: 'people',
  people: names.map((name) => ({ userId: name, name, connected: true })),
});

function channels() {
  const wire = new Wire();
  const asker = new RoomChannel(wire.busOf('a'), 'room', () => people());
  new RoomChannel(wire.busOf('b'), 'room', () => people('bob'));
  new RoomChannel(wire.busOf('c'), 'room', () => people('cem'));
  return { wire, asker };
}

const CLOSED: RoomReport = {
  ...{ nodeId: 'gone', madeAtMs: 1, seq: 1, isOpen: false, listeners: 0, present: 0, faces: [], placed: [] },
  ...{ reactions: {}, mix: null, leaderlessMs: null, decisions: [], isHeardOverHttp: false },
};
const SEARCH = { kind: 'search', text: '' } as const;

describe('a question to other nodes', () => {
  it('has the answers of all of them', async () => {
    const { asker } = channels();
    const { answers, isPartial } = await asker.ask(SEARCH, ['b', 'c']);
    expect(isPartial).toBe(false);
    expect(answers).toEqual([people('bob'), people('cem')]);
  });

  it('ends with the first answer that is enough', async () => {
    const { wire, asker } = channels();
    wire.loses = ({ type }, from) => type === 'answer' && from === 'c';
    const { answers, isPartial } = await asker.ask(SEARCH, ['b', 'c'], () => true);
    expect(answers).toEqual([people('bob')]);
    expect(isPartial).toBe(false);
  });

  it('ends at its deadline with what there is, and says that it is partial', async () => {
    const { wire, asker } = channels();
    wire.loses = ({ type }, from) => type === 'answer' && from === 'c';
    const { answers, isPartial } = await asker.ask(SEARCH, ['b', 'c']);
    expect(answers).toEqual([people('bob')]);
    expect(isPartial).toBe(true);
  });

  it('ends at once while Redis is away, and says that it is partial', async () => {
    const { wire, asker } = channels();
    wire.isUp = false;
    expect(await asker.ask(SEARCH, ['b', 'c'])).toEqual({ answers: [], isPartial: true });
  });

  it('counts a doubled answer once', async () => {
    const { wire, asker } = channels();
    wire.doubles = true;
    expect((await asker.ask(SEARCH, ['b', 'c'])).answers).toHaveLength(2);
  });

  it('does not wait for a node that has just closed the room', async () => {
    const { asker, wire } = channels();
    const asking = asker.ask(SEARCH, ['b', 'gone']);
    await wire.busOf('gone').publish('room', { type: 'report', report: CLOSED });
    expect(await asking).toEqual({ answers: [people('bob')], isPartial: false });
  });

  it('ends when the room is closed', async () => {
    const { asker, wire } = channels();
    wire.loses = ({ type }) => type === 'answer';
    const asking = asker.ask(SEARCH, ['b']);
    asker.close();
    expect((await asking).isPartial).toBe(true);
  });

  it('is not put where nobody is', async () => {
    const { asker } = channels();
    expect(await asker.ask(SEARCH, [])).toEqual({ answers: [], isPartial: false });
  });
});
