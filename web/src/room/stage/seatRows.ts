/** Seats in each row, from the stage backwards; as in a tribune, every row is wider than the one before. */
const ROW_SIZES = [6, 7, 8, 9] as const;

/** Fills the rows from the front; the people of the last row that is begun are all the people there are left. */
export function seatRows<T>(people: readonly T[]): readonly (readonly T[])[] {
  const rows: T[][] = [];
  let start = 0;
  for (const size of ROW_SIZES) {
    if (start >= people.length) break;
    rows.push(people.slice(start, start + size));
    start += size;
  }
  return rows;
}
