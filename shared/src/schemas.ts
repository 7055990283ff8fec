import type { DtlsParameters, RtpCapabilities, RtpParameters } from 'mediasoup/types';
import { z } from 'zod';
import { LIMITS, REACTION_KINDS, ROOM_LANGUAGES, ROOM_SOUNDS } from './domain.ts';
import { VISIBILITIES } from './recordings.ts';
import { cleanLine, cleanText, isVisible } from './text.ts';

/** Every shape that a client can send. Strict objects: an unknown key is a refusal, never something silently kept. */

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const BLOB_MAX_DEPTH = 10;
const BLOB_MAX_NODES = 4000;
const BLOB_MAX_STRING = 2000;

/**
 * One line of text as people type it. What cannot be shown is left out rather than refused, halves of characters included: a field
 * that stops at its greatest length cuts an emoji in two.
 */
function line(maxLength: number) {
  return z
    .string()
    .max(maxLength * 4)
    .transform(cleanLine)
    .pipe(z.string().max(maxLength));
}

/** A line that names somebody or something: there is something to be seen in it. */
function nameLine(maxLength: number) {
  return line(maxLength).refine(isVisible, { message: 'Expected something that can be seen' });
}

/** Text of several lines. */
function text(maxLength: number) {
  return z
    .string()
    .max(maxLength * 4)
    .transform(cleanText)
    .pipe(z.string().max(maxLength));
}

/**
 * A parameters object of WebRTC, passed on for mediasoup to validate: here only "a plain object of bounded size, of well-formed
 * text, without keys that could reach a prototype". Transcribing RTP into a schema would strip keys that the schema does not know.
 */
function blob<T>() {
  return z.custom<T>((value) => isObject(value) && isBounded(value), { message: 'Expected a bounded object' });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBounded(root: unknown): boolean {
  const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let nodes = 0;
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, depth } = next;
    if (++nodes > BLOB_MAX_NODES || depth > BLOB_MAX_DEPTH) return false;
    if (typeof value === 'string' && (value.length > BLOB_MAX_STRING || !value.isWellFormed())) return false;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (FORBIDDEN_KEYS.has(key) || !key.isWellFormed()) return false;
      pending.push({ value: child, depth: depth + 1 });
    }
  }
  return true;
}

/** An id that the server has made (nanoid alphabet). */
const id = z.string().regex(/^[\w-]{8,64}$/);

export const userId = id;
export const roomId = id;

export const nothing = z.strictObject({}).optional();
export const personRef = z.strictObject({ userId });
export const reactionRequest = z.strictObject({ kind: z.enum(REACTION_KINDS) });
export const lockRequest = z.strictObject({ locked: z.boolean() });
export const soundRequest = z.strictObject({ sound: z.enum(ROOM_SOUNDS) });
export const setMutedRequest = z.strictObject({ muted: z.boolean() });
export const audienceQuery = z.strictObject({ query: line(LIMITS.nameLength).default('') });
export const transportRef = z.strictObject({ transportId: z.string().max(64) });
export const transportConnect = transportRef.extend({ dtlsParameters: blob<DtlsParameters>() });
export const producerCreate = transportRef.extend({ rtpParameters: blob<RtpParameters>() });

function measured(max: number) {
  return z.number().min(0).max(max).nullish();
}

/** How one connection does, as its own browser measured it; what is not known is left out or null. */
export const qualityReport = z.strictObject({
  /** Time to first audio: from asking for it until the first sound played. Once for each start of media. */
  ttfaMs: measured(60_000),
  rttMs: measured(60_000),
  /** Of the packets of the last moments, 0 to 100. */
  lossPct: measured(100),
  jitterMs: measured(10_000),
});
export type QualityReport = z.output<typeof qualityReport>;

/** What a client says of itself when its socket connects (`socket.handshake.auth`). */
export const handshakeAuth = z.strictObject({
  /** A ticket of `POST /api/rooms/:id/tickets`. */
  ticket: z.string().max(2000),
  protocol: z.number().int(),
  /** Random, one per page: the same page coming back resumes, another page of the same person replaces. */
  instanceId: id,
  /** The transports that this page still has, to receive and to send. Whatever differs from what the server has is built anew. */
  transportIds: z.array(transportRef.shape.transportId).max(4).default([]),
  /** What this client can receive, computed from the router's capabilities in the ticket's answer. */
  rtpCapabilities: blob<RtpCapabilities>(),
});
export type HandshakeAuth = z.input<typeof handshakeAuth>;

/** Body of `POST /api/session`. */
export const sessionRequest = z.strictObject({ name: nameLine(LIMITS.nameLength) });
export type SessionRequest = z.input<typeof sessionRequest>;

/** Body of `POST /api/rooms/:id/tickets`; may be left out. */
export const ticketRequest = z.strictObject({
  /** Address that an earlier ticket named and that did not answer: another node is chosen, where there is one. */
  avoid: z.url().max(500).optional(),
});
export type TicketRequest = z.input<typeof ticketRequest>;

/** Query of `POST /api/rooms/:id/tickets`. What other clients ask for there, they ask for in vain. */
export const ticketQuery = z.object({
  /** Hearing a broadcast over HTTP is enough. */
  hears: z.literal('http').optional().catch(undefined),
});

/** Body of `POST /api/rooms`. */
export const roomRequest = z.strictObject({
  title: nameLine(LIMITS.titleLength),
  description: text(LIMITS.descriptionLength).default(''),
  language: z.enum(ROOM_LANGUAGES).default('en'),
  speakerLimit: z.number().int().min(LIMITS.minSpeakers).max(LIMITS.maxSpeakers).default(LIMITS.defaultSpeakers),
  sound: z.enum(ROOM_SOUNDS).default('speech'),
  /** Everyone who listens begins over HTTP. */
  broadcast: z.boolean().default(false),
});
export type RoomRequest = z.input<typeof roomRequest>;
export type RoomSettings = z.output<typeof roomRequest>;

/** Body of `PATCH /api/recordings/:id`. */
export const recordingChanges = z
  .strictObject({ title: nameLine(LIMITS.titleLength), visibility: z.enum(VISIBILITIES) })
  .partial();
export type RecordingChanges = z.input<typeof recordingChanges>;

/** Players count in fractions, tables in whole milliseconds. */
const replayMs = z.number().nonnegative().max(LIMITS.replayMs).transform(Math.round);
/** Body of `POST /api/recordings/:id/cuts`: a range of the uncut recording, or all that one person says. */
export const cutRequest = z.union([
  z
    .strictObject({ fromMs: replayMs, toMs: replayMs })
    .refine(({ fromMs, toMs }) => fromMs < toMs, 'ends before it begins'),
  z.strictObject({ userId }),
]);
export type CutRequest = z.input<typeof cutRequest>;

/** Body of `POST /api/recordings/:id/chapters`: by the time of the uncut recording, or so long ago while it goes on. */
export const chapterRequest = z.strictObject({
  title: nameLine(LIMITS.titleLength),
  atMs: replayMs.optional(),
  agoMs: replayMs.optional(),
});
export type ChapterRequest = z.input<typeof chapterRequest>;

/** Body of `POST /api/recordings/:id/clips`: by the time of the replay. */
export const clipRequest = z
  .strictObject({ title: nameLine(LIMITS.titleLength), fromMs: replayMs, toMs: replayMs })
  .refine(({ fromMs, toMs }) => fromMs < toMs && toMs - fromMs <= LIMITS.clipMs, 'is longer than 3 minutes, or empty');
export type ClipRequest = z.input<typeof clipRequest>;
