import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Button.module.css';

export interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: 'primary' | 'plain' | 'ghost' | 'ember' | 'danger' | 'destructive';
  readonly size?: 'sm' | 'md' | 'lg';
  readonly icon?: ReactNode;
  readonly block?: boolean;
  /** Something is under way: the button keeps its size, and does nothing. */
  readonly pending?: boolean;
}

export function Button({
  variant = 'plain',
  size = 'md',
  icon,
  block = false,
  pending = false,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      // Stays focusable, so that the keyboard does not lose its place.
      aria-disabled={pending || rest['aria-disabled']}
      aria-busy={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : onClick}
      className={cx(styles.button, styles[variant], styles[size], block && styles.block, className)}
    >
      {icon}
      <span className={styles.label}>{children}</span>
    </button>
  );
}
