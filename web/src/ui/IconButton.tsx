import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './IconButton.module.css';

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'aria-label'> {
  /** Its accessible name, and its tooltip. */
  readonly label: string;
  readonly icon: ReactNode;
  readonly tone?: 'quiet' | 'filled' | 'danger';
  readonly badge?: ReactNode;
}

export function IconButton({ label, icon, tone = 'quiet', badge, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={cx(styles.button, styles[tone], className)}
    >
      {icon}
      {badge}
    </button>
  );
}
