import { Gauge, type Registry } from 'prom-client';
import type { Room } from '../rooms/Room.ts';
import type { RoomManager } from '../rooms/RoomManager.ts';

/** The rooms that are open on this node, and the people in them. */
export function watchRooms(rooms: RoomManager, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const sum = (count: (room: Room) => number) => [...rooms.rooms.values()].reduce((n, room) => n + count(room), 0);
  gauge('tribune_rooms', 'Open rooms.', () => rooms.rooms.size);
  gauge('tribune_listeners', 'Connected people in the audience.', () => sum((room) => room.audienceCount));
  gauge('tribune_stage_members', 'People on stage, those away included.', () => sum((room) => room.record.stage.size));
}
