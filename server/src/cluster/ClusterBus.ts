import { EventEmitter } from 'node:events';
import type { Person } from '@tribune/shared/domain.ts';
import type { Action } from '@tribune/shared/permissions.ts';
import type { Effect } from '../store/RoomRecord.ts';
import type { RoomReport } from './RoomNodes.ts';

/** One node has changed a room in the store; the others read it anew and tell the people whom they have. */
export interface RoomChange {
  readonly roomId: string;
  readonly seq: number;
  readonly action: Action | null;
  /** At whom the action was aimed. */
  readonly userId: string | null;
  readonly actor: Person | null;
  readonly effects: readonly Effect[];
}

export interface ClusterEvents {
  'room:report': [RoomReport];
  'room:changed': [RoomChange];
  /** To everyone of a channel, or everyone on stage of it. */
  'room:told': [{ readonly channel: string; readonly name: string; readonly args: readonly unknown[] }];
  /** The home gives the room away. */
  'room:released': [{ readonly roomId: string; readonly nodeId: string }];
}

/** Whom a node has of a room: those whose name contains the query, or the one with this id. */
export interface PeopleQuery {
  readonly roomId: string;
  readonly query?: string;
  readonly userId?: string;
}

interface ServerSideEmitter {
  serverSideEmit(name: string, ...args: unknown[]): unknown;
  on(name: string, listener: (...args: never[]) => void): unknown;
}

const EVENTS = ['room:report', 'room:changed', 'room:told', 'room:released'] as const;

/**
 * What nodes say to each other, through the adapter of Socket.IO and no other way. While Redis is away nothing arrives, and
 * everything that matters is said again each second.
 */
export class ClusterBus extends EventEmitter<ClusterEvents> {
  readonly #io: ServerSideEmitter;
  /** Until it is known whether there are others, everything is said. */
  isAlone: () => boolean = () => false;

  /** @param answer who of a room is connected here */
  constructor(io: ServerSideEmitter, answer: (query: PeopleQuery) => readonly Person[]) {
    super();
    this.#io = io;
    for (const name of EVENTS) io.on(name, (data: never) => this.emit(name, data));
    io.on('people', (query: PeopleQuery, reply: (people: readonly Person[]) => void) => reply(answer(query)));
  }

  /** To every other node. */
  tell<N extends keyof ClusterEvents>(name: N, ...[data]: ClusterEvents[N]): void {
    if (!this.isAlone()) this.#io.serverSideEmit(name, data);
  }

  /** Of all other nodes together; those that do not answer within 5 s are left out. */
  async findPeople(query: PeopleQuery): Promise<Person[]> {
    return new Promise((resolve) => {
      this.#io.serverSideEmit('people', query, (_error: Error | null, answers: readonly (readonly Person[])[] = []) =>
        resolve(answers.flat()),
      );
    });
  }
}
