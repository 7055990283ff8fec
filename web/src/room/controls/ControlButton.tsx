import type { ComponentProps, ReactNode } from 'react';
import { cx } from '../../ui/index.ts';
import styles from './ControlButton.module.css';

interface ControlButtonProps extends ComponentProps<'button'> {
  readonly label: string;
  /** A second line. */
  readonly note?: string | undefined;
  readonly icon: ReactNode;
  readonly tone?: 'quiet' | 'main' | 'on' | 'danger';
}

/** A control of the bar: picture above word, and wide for the main one. */
export function ControlButton({ label, note, icon, tone = 'quiet', className, ...rest }: ControlButtonProps) {
  return (
    <button type="button" {...rest} className={cx(styles.button, styles[tone], className)}>
      <span aria-hidden="true">{icon}</span>
      <span className={styles.words}>
        <span>{label}</span> {note && <span className={styles.note}>{note}</span>}
      </span>
    </button>
  );
}
