import type { AdminPeople } from '@tribune/shared/admin.ts';
import type { Person, RoomInfo } from '@tribune/shared/domain.ts';

/** A line for each room: its id first, to be copied. */
export function formatRooms(rooms: readonly RoomInfo[]): string {
  if (rooms.length === 0) return 'No room is open.';
  return rooms
    .map(({ id, phase, listeners, host, title }) => {
      const count = `${listeners} listening`;
      return `${id}  ${phase.padEnd(9)}  ${count.padStart(16)}  ${title} (host: ${host.name})`;
    })
    .join('\n');
}

/** A line for each person: their id first, to be copied. */
export function formatPeople({ room, stage, hands, listeners, bans }: AdminPeople): string {
  const more = listeners.total - listeners.people.length;
  return [
    `${room.title} (${room.phase})`,
    ...stage.map((member) => line(member, [member.role, member.muted ? 'muted' : '', member.away ? 'away' : ''])),
    ...hands.map((person) => line(person, ['hand up'])),
    ...listeners.people.map((person) => line(person, ['listener'])),
    ...(more > 0 ? [`  and ${more} more who listen: name a part of a name to find one`] : []),
    ...(listeners.isPartial ? ['  A node did not answer in time: this is not everybody.'] : []),
    ...bans.map((person) => line(person, ['banned'])),
  ].join('\n');
}

function line({ userId, name }: Person, words: readonly string[]): string {
  return `${userId}  ${words.filter(Boolean).join(', ').padEnd(16)}  ${name}`;
}
