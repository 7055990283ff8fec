import { useEffect, useRef, useState } from 'react';
import styles from './Meter.module.css';

const BARS = 24;
const HEARD_FROM = 0.12;

interface MeterProps {
  readonly label: string;
  readonly silentText: string;
  readonly heardText: string;
  /** Up to 20 levels a second, 0 to 1; they move the bars without rendering anything. */
  readonly subscribe: (listener: (level: number) => void) => () => void;
}

/** The level of a microphone, and in words whether anything was heard. */
export function Meter({ label, silentText, heardText, subscribe }: MeterProps) {
  const bars = useRef<HTMLDivElement>(null);
  const [heard, setHeard] = useState(false);
  useEffect(
    () =>
      subscribe((level) => {
        bars.current?.style.setProperty('--level', level.toFixed(3));
        if (level > HEARD_FROM) setHeard(true);
      }),
    [subscribe],
  );
  return (
    <div className={styles.meter}>
      <div
        ref={bars}
        className={styles.bars}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={heard ? 1 : 0}
        aria-valuetext={heard ? heardText : silentText}
      >
        {Array.from({ length: BARS }, (_, index) => (
          <span key={index} className={styles.bar} style={{ '--at': String(index / BARS) } as React.CSSProperties} />
        ))}
      </div>
      <p className={styles.words} data-heard={heard} role="status">
        {heard ? heardText : silentText}
      </p>
    </div>
  );
}
