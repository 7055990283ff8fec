import type { Person } from '@tribune/shared/domain.ts';
import { Avatar } from './Avatar.tsx';
import styles from './AvatarStack.module.css';

const SHOWN = 5;

/** A few overlapping faces; decoration, whoever uses it names the people in text. */
export function AvatarStack({ people, max = SHOWN }: { readonly people: readonly Person[]; readonly max?: number }) {
  return (
    <span className={styles.stack} aria-hidden="true">
      {people.slice(0, max).map(({ userId, name }) => (
        <Avatar key={userId} userId={userId} name={name} className={styles.face} />
      ))}
    </span>
  );
}
