import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { SessionResponse, TicketResponse } from '@tribune/shared/protocol.ts';
import { PlainSocket } from './PlainSocket.ts';

/** Somebody with a loop, at one address, as a thread of its own: sessions, tickets, handshakes, rooms, and rooms that there are not. */
export interface CrowdOptions {
  readonly origin: string;
  readonly roomId: string;
  readonly address: string;
  readonly perSecond: number;
}

export type CrowdCommand = 'start' | 'stop' | 'count';

export interface CrowdCounts {
  readonly sent: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const TICK_MS = 5;
/** A loop that waits for no answer would measure its own queue. */
const MAX_OPEN = 400;
/** One in so many is no step of a join. */
const ASIDE_EACH = 10;

const { origin, roomId, address, perSecond } = workerData as CrowdOptions;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const sessions: string[] = [];
const tickets: TicketResponse[] = [];
const sockets = new Set<PlainSocket>();
const outcomes: Record<string, number> = {};
let [sent, open] = [0, 0];
let timer: NodeJS.Timeout | undefined;

parentPort!.on('message', (command: CrowdCommand) => {
  if (command === 'count') return parentPort!.postMessage({ sent, outcomes } satisfies CrowdCounts);
  clearInterval(timer);
  if (command === 'start') return start();
  for (const socket of sockets) socket.close();
  sockets.clear();
});

function start(): void {
  const startedMs = performance.now();
  let due = 0;
  timer = setInterval(() => {
    for (; due < ((performance.now() - startedMs) * perSecond) / 1000; due++) {
      if (open >= MAX_OPEN) continue;
      sent += 1;
      open += 1;
      send(sent)
        .catch(() => count('failed'))
        .finally(() => {
          open -= 1;
        });
    }
  }, TICK_MS);
}

/** The next step of a join for which there is what it needs. */
async function send(index: number): Promise<void> {
  if (index % ASIDE_EACH === 0) return sendAside(index / ASIDE_EACH);
  const ticket = tickets.pop();
  if (ticket) return connect(ticket);
  const token = sessions.pop();
  if (token) return takeTicket(token);
  const session = await call<SessionResponse>('POST', '/api/session', { name: 'Crowd' });
  if (session) sessions.push(session.token);
}

async function sendAside(index: number): Promise<void> {
  if (index % 3 === 0) return void (await call('GET', '/api/rooms'));
  if (index % 3 === 1) return void (await call('GET', `/api/rooms/${randomUUID().slice(0, 21)}`));
  await call('POST', '/api/rooms', { title: 'Crowd' }, sessions.at(-1));
}

async function takeTicket(token: string): Promise<void> {
  const ticket = await call<TicketResponse>('POST', `/api/rooms/${roomId}/tickets`, {}, token);
  if (ticket) tickets.push(ticket);
  else sessions.push(token);
}

async function connect({ ticket, rtpCapabilities }: TicketResponse): Promise<void> {
  const auth = { ticket, protocol: PROTOCOL_VERSION, instanceId: randomUUID(), rtpCapabilities };
  const socket = new PlainSocket(origin, auth, () => undefined, address);
  sockets.add(socket);
  await socket.welcomed().then(
    () => count('welcomed'),
    () => {
      sockets.delete(socket);
      socket.close();
      count('turned away');
    },
  );
}

function count(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

/** @returns null where it was refused */
async function call<T>(method: string, path: string, body?: object, token?: string): Promise<T | null> {
  const headers = {
    'x-forwarded-for': address,
    ...(body ? { 'content-type': 'application/json' } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const text = await new Promise<string | null>((resolve, reject) => {
    const asking = request(origin + path, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        count(`HTTP ${response.statusCode}`);
        resolve(response.statusCode === 201 ? Buffer.concat(chunks).toString() : null);
      });
    });
    asking.on('error', reject);
    asking.end(body ? JSON.stringify(body) : undefined);
  });
  return text === null ? null : (JSON.parse(text) as T);
}
