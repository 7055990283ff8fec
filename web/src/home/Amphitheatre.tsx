import styles from './Amphitheatre.module.css';

const ROWS = 6;
const STEP = 62;
const FIRST_RADIUS = 318;

/** Rows of seats around the words, drawn once behind them: decoration. */
export function Amphitheatre() {
  return (
    <div className={styles.rows} aria-hidden="true">
      <svg className={styles.seats} viewBox="0 0 1200 620" preserveAspectRatio="xMidYMin slice">
        {Array.from({ length: ROWS }, (_, row) => (
          <circle
            key={row}
            cx="600"
            cy="40"
            r={FIRST_RADIUS + row * STEP}
            pathLength={100}
            className={styles.row}
            style={{ opacity: 0.95 - row * 0.14 }}
          />
        ))}
      </svg>
    </div>
  );
}
