/**
 * Rooms that are mixed one after the other in one tick share the wake-up of the process and its caches, 6 % of what a room takes.
 * More than this would keep the last of them waiting, by half a millisecond for each.
 */
const ROOMS_TOGETHER = 8;

/**
 * In which of the frames of a packet a new room is mixed.
 *
 * @param taken the phases of the other rooms
 * @param phases frames in a packet
 */
export function choosePhase(taken: readonly number[], phases: number): number {
  const rooms = Array.from({ length: phases }, (_, phase) => taken.filter((other) => other === phase).length);
  const open = rooms.findIndex((count) => count < ROOMS_TOGETHER);
  return open >= 0 ? open : rooms.indexOf(Math.min(...rooms));
}
