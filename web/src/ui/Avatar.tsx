import type { CSSProperties } from 'react';
import { hueOf, initialsOf } from './avatar.ts';
import { cx } from './cx.ts';
import styles from './Avatar.module.css';

interface AvatarProps {
  readonly userId: string;
  readonly name: string;
  readonly className?: string | undefined;
}

/** A picture made of initials; decoration, since the name always stands beside it or in a label. */
export function Avatar({ userId, name, className }: AvatarProps) {
  const style = { '--hue': hueOf(userId) } as CSSProperties;
  return (
    <span className={cx(styles.avatar, className)} style={style} aria-hidden="true">
      <span className={styles.initials}>{initialsOf(name)}</span>
    </span>
  );
}
