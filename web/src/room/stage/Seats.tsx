import type { Person } from '@tribune/shared/domain.ts';
import type { CSSProperties } from 'react';
import { Avatar } from '../../ui/index.ts';
import { seatRows } from './seatRows.ts';
import styles from './Seats.module.css';

/** A sample of the audience in the curved rows of a tribune, looking up at the stage; decoration beside a count in words. */
export function Seats({ people }: { readonly people: readonly Person[] }) {
  if (people.length === 0) return null;
  return (
    <div className={styles.rows} aria-hidden="true" data-testid="faces">
      {seatRows(people).map((row, index) => (
        <div key={index} className={styles.row}>
          {row.map(({ userId, name }, seat) => {
            const style = { '--off': seat - (row.length - 1) / 2 } as CSSProperties;
            return (
              <span key={userId} className={styles.seat} style={style}>
                <Avatar userId={userId} name={name} className={styles.face} />
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}
