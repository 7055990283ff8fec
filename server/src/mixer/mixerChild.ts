import type { MixerCommand, MixerReport, MixerUsage, RoomState } from './mixerMessages.ts';
import { loadOpus } from './opus/loadOpus.ts';
import { RoomSocket } from './RoomSocket.ts';
import { TickClock } from './TickClock.ts';

/** The process that mixes: it does what its parent says over IPC, and ends with it. */

interface WantedRoom {
  state: RoomState;
  /** Null until it is open. */
  socket: RoomSocket | null;
}

const rooms = new Map<string, WantedRoom>();
let opened = 0;
const clock = new TickClock((dueMs) => {
  for (const { socket } of rooms.values()) socket?.tick(dueMs);
});

process.on('message', (message) => handle(message as MixerCommand));
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
await loadOpus();
report({ type: 'ready' });

function handle(command: MixerCommand): void {
  switch (command.type) {
    case 'room':
      updateRoom(command.room);
      return;
    case 'close':
      rooms.get(command.roomId)?.socket?.close();
      rooms.delete(command.roomId);
      return;
    case 'usage':
      report({ type: 'usage', usage: usage() });
  }
}

function updateRoom(state: RoomState): void {
  const room = rooms.get(state.roomId);
  if (room) {
    room.state = state;
    room.socket?.update(state);
  } else {
    const wanted = { state, socket: null };
    rooms.set(state.roomId, wanted);
    void openRoom(wanted);
  }
}

async function openRoom(room: WantedRoom): Promise<void> {
  const { roomId, opening } = room.state;
  try {
    const socket = await RoomSocket.create(room.state, opened++);
    // Closed meanwhile, and perhaps wanted again, which has a socket of its own.
    if (rooms.get(roomId) !== room) {
      socket.close();
      return;
    }
    room.socket = socket;
    socket.update(room.state);
    report({ type: 'open', roomId, opening, port: socket.port });
  } catch (error) {
    if (rooms.get(roomId) !== room) return;
    rooms.delete(roomId);
    report({ type: 'failed', roomId, opening, message: error instanceof Error ? error.message : String(error) });
  }
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
