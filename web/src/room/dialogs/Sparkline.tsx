import { thinOut, toPoints } from './sparkline.ts';
import styles from './HealthDialog.module.css';

const WIDTH = 400;
const HEIGHT = 64;

/** The course of a value, without axes; `label` says in words what the line shows. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  const points = toPoints(thinOut(values), WIDTH, HEIGHT);
  return (
    <svg
      role="img"
      aria-label={label}
      className={styles.chart}
      viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
      preserveAspectRatio="none"
    >
      <polygon className={styles.area} points={`0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}`} />
      <polyline className={styles.line} points={points} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
