import type { CSSProperties } from 'react';
import { cx } from './cx.ts';
import styles from './Skeleton.module.css';

interface SkeletonProps {
  readonly width?: string;
  readonly height?: string;
  readonly round?: boolean;
}

/** The shape of what is on its way. Whoever shows some marks the region as busy and names it. */
export function Skeleton({ width = '100%', height = '1em', round = false }: SkeletonProps) {
  const style: CSSProperties = { width, height };
  return <span className={cx(styles.skeleton, round && styles.round)} style={style} aria-hidden="true" />;
}
