import { REACTION_KINDS, ROLES } from '@tribune/shared/domain.ts';
import { SELF_CAUSES } from '@tribune/shared/protocol.ts';
import { z } from 'zod';

const person = z.object({ userId: z.string(), name: z.string() });
const count = z.number().int().nonnegative();

const decision = z.object({
  id: z.string(),
  action: z.enum(['stage:mute', 'stage:muteOthers', 'stage:setMuted', 'peer:remove', 'peer:ban']),
  actor: person.nullable(),
  target: person.extend({ role: z.enum(ROLES) }).nullable(),
  seq: count,
});

/** What one node reports of one room each second: all of it anew, so that a report that is lost costs nothing but a second. */
const roomReport = z.object({
  nodeId: z.string(),
  /** When it was made, in ms: by a clock of the node that never goes back. One that was overtaken counts for nothing. */
  madeAtMs: z.number(),
  /** False with the last one: the node has closed the room. */
  isOpen: z.boolean(),
  /** Of the record that the node holds. */
  seq: count,
  /** People connected there who are not on stage. */
  listeners: count,
  /** Connections there, those on stage included. */
  present: count,
  /** A sample of the listeners. */
  faces: z.array(person),
  /** Of the people who hold a place on stage, a hand or an invitation: those connected there. */
  placed: z.array(z.string()),
  /** Reactions sent there since the node opened the room. A total and not a difference, so that a lost report loses none. */
  reactions: z.partialRecord(z.enum(REACTION_KINDS), count),
  /** For how many ms nobody has been there who could lead the room, as the node sees it. */
  leaderlessMs: z.number().nonnegative().nullable().default(null),
  /** Somebody hears the room over HTTP there. */
  isHeardOverHttp: z.boolean().default(false),
  /** What was decided there and the store does not know yet: it holds on every node. */
  decisions: z.array(decision).default([]),
  /** Where the node's mixer takes the mix of the room; null where nobody listens. */
  mix: z.object({ address: z.string(), port: z.number().int().min(1).max(65_535) }).nullable(),
});

/** How one connection does, as `quality:report` has it. */
const quality = z.object({
  ttfaMs: z.number().nullish(),
  rttMs: z.number().nullish(),
  lossPct: z.number().nullish(),
  jitterMs: z.number().nullish(),
});

const question = z.discriminatedUnion('kind', [
  /** Listeners whose name contains the text. */
  z.object({ kind: z.literal('search'), text: z.string() }),
  /** The person with this id, connected or gone a moment ago. */
  z.object({ kind: z.literal('person'), userId: z.string() }),
  /** What connections said of themselves lately. */
  z.object({ kind: z.literal('quality') }),
  /** A segment of the room as it is heard now. */
  z.object({ kind: z.literal('segment'), index: count }),
]);

const answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('people'), people: z.array(person.extend({ connected: z.boolean() })) }),
  z.object({ kind: z.literal('quality'), reports: z.array(quality) }),
  /** Base64; null where the node has not got it. */
  z.object({ kind: z.literal('segment'), bytes: z.base64().nullable() }),
]);

/** What nodes say to each other on the channel of a room. */
export const roomMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('report'), report: roomReport }),
  /** The record has changed. Only a hint: whoever misses it learns the number of the record within a second. */
  z.object({
    type: z.literal('changed'),
    seq: count,
    actor: person.nullable(),
    effects: z.array(z.object({ userId: z.string(), cause: z.enum(SELF_CAUSES) })),
  }),
  /** The lease of the home has been given away or taken. Only a hint, too: every node looks once a second. */
  z.object({ type: z.literal('home') }),
  /** Somebody has entered there who was on another node before. */
  z.object({ type: z.literal('entered'), userId: z.string() }),
  z.object({ type: z.literal('ask'), id: z.string(), to: z.array(z.string()), question }),
  z.object({ type: z.literal('answer'), id: z.string(), to: z.string(), answer }),
]);

export type RoomReport = Readonly<z.infer<typeof roomReport>>;
export type RoomMessage = z.infer<typeof roomMessage>;
export type Question = z.infer<typeof question>;
export type Answer = z.infer<typeof answer>;
