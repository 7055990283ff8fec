import { AsyncLocalStorage } from 'node:async_hooks';
import { isPortTaken } from './udp/bindUdp.ts';
import { choosePhase } from './choosePhase.ts';
import type { MixerCommand, MixerReport, MixerSettings, MixerUsage, RoomState } from '../mixerMessages.ts';
import { loadOpus } from './opus/loadOpus.ts';
import { RoomSocket } from './RoomSocket.ts';
import { FRAMES_PER_PACKET } from './sound.ts';
import { TickClock } from './TickClock.ts';

/**
 * The process that mixes: it does what its parent says over IPC, and ends with it. What is thrown in one room ends the mix of that
 * room and no other.
 */

interface OpenRoom {
  state: RoomState;
  /** See `choosePhase`. */
  readonly phase: number;
  /** Null until it is open. */
  socket: RoomSocket | null;
}

const rooms = new Map<string, OpenRoom>();
/** Tells which room a promise or a timer belongs to, that nobody waits for and that fails. */
const currentRoom = new AsyncLocalStorage<OpenRoom>();
let settings: MixerSettings | null = null;
const clock = new TickClock({
  isNeeded: (tick) => [...rooms.values()].some(({ socket }) => socket?.isDue(tick)),
  run: (dueMs, tick) => {
    const due = [...rooms.values()].filter(({ socket }) => socket?.isDue(tick));
    for (const room of due) attempt(room, () => room.socket?.mix(dueMs));
    // One after the other at the end: each packet that finds its receiver asleep costs the time to wake it.
    for (const room of due) attempt(room, () => room.socket?.send());
  },
});

process.on('message', (message) => handle(message as MixerCommand));
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', handleUncaught);
process.on('unhandledRejection', handleUncaught);
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
const { name, version } = await loadOpus();
report({ type: 'ready', codec: { name, version } });

function handle(command: MixerCommand): void {
  switch (command.type) {
    case 'start':
      settings = command.settings;
      return;
    case 'room':
      updateRoom(command.room);
      return;
    case 'close':
      closeRoom(rooms.get(command.roomId));
      return;
    case 'usage':
      report({ type: 'usage', usage: usage(), uptimeS: process.uptime() });
  }
}

function updateRoom(state: RoomState): void {
  const known = rooms.get(state.roomId);
  if (known?.state.opening === state.opening) {
    known.state = state;
    attempt(known, () => known.socket?.update(state));
  } else {
    closeRoom(known);
    const taken = [...rooms.values()].map(({ phase }) => phase);
    const room = { state, phase: choosePhase(taken, FRAMES_PER_PACKET), socket: null };
    rooms.set(state.roomId, room);
    currentRoom.run(room, () => void openRoom(room));
  }
}

async function openRoom(room: OpenRoom): Promise<void> {
  try {
    if (!settings) throw new Error('The mixer has not been started');
    const { relayKey, listenAddress } = settings;
    const socket = await RoomSocket.create({
      ...{ state: room.state, phase: room.phase, relayKey: Buffer.from(relayKey, 'base64'), listenAddress },
      onError: (error) => fail(room, error),
    });
    // Closed meanwhile, and perhaps opened again, with a socket of its own.
    if (!isOpen(room)) {
      socket.close();
      return;
    }
    room.socket = socket;
    socket.update(room.state);
    const { roomId, opening } = room.state;
    report({ type: 'open', roomId, opening, port: socket.port, relayPort: socket.relayPort });
  } catch (error) {
    fail(room, error);
  }
}

function attempt(room: OpenRoom, act: () => void): void {
  try {
    currentRoom.run(room, act);
  } catch (error) {
    fail(room, error);
  }
}

/** Ends the mix of one room, and tells the parent. */
function fail(room: OpenRoom, error: unknown): void {
  if (!isOpen(room)) return;
  closeRoom(room);
  const { roomId, opening } = room.state;
  report({ type: 'failed', roomId, opening, message: messageOf(error), isPortTaken: isPortTaken(error) });
}

function closeRoom(room: OpenRoom | undefined): void {
  if (!room) return;
  rooms.delete(room.state.roomId);
  try {
    room.socket?.close();
  } catch {
    // What is broken may not close in good order either.
  }
}

function isOpen(room: OpenRoom): boolean {
  return rooms.get(room.state.roomId) === room;
}

function handleUncaught(error: unknown): void {
  const room = currentRoom.getStore();
  if (room) return fail(room, error);
  process.send?.({ type: 'crashed', message: messageOf(error) } satisfies MixerReport, () => process.exit(1));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function usage(): MixerUsage {
  const { user, system } = process.cpuUsage();
  let speakers = 0;
  for (const { socket } of rooms.values()) speakers += socket?.voiceCount ?? 0;
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    ticks: clock.ticks,
    lateTicks: clock.lateTicks,
    rooms: rooms.size,
    speakers,
  };
}

function report(message: MixerReport): void {
  process.send?.(message);
}
