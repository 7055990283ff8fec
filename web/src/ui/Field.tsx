import { useId, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Field.module.css';

/** What a control takes over to be joined with its label, hint and error. */
interface ControlProps {
  readonly id: string;
  readonly className: string | undefined;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

interface FieldProps {
  readonly label: ReactNode;
  readonly note?: string | undefined;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly children: (props: ControlProps) => ReactNode;
}

/** Label above, hint or error below; the error takes the hint's place, so that nothing jumps. */
export function Field({ label, note, hint, error, children }: FieldProps) {
  const id = useId();
  const helpId = `${id}-help`;
  const help = error ?? hint;
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
        {note && <span className={styles.note}> ({note})</span>}
      </label>
      {children({
        id,
        className: styles.control,
        'aria-describedby': help ? helpId : undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {help && (
        <p id={helpId} className={cx(styles.help, error && styles.error)}>
          {help}
        </p>
      )}
    </div>
  );
}
