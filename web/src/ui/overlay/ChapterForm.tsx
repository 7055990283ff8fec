import { LIMITS } from '@tribune/shared/domain.ts';
import { useRef, type FormEvent } from 'react';
import { Button, Field } from '../index.ts';
import styles from './ChapterForm.module.css';

interface ChapterFormProps {
  readonly label: string;
  readonly submit: string;
  readonly onSubmit: (title: string) => void;
}

/** Names the chapter that begins here. */
export function ChapterForm({ label, submit, onSubmit }: ChapterFormProps) {
  const input = useRef<HTMLInputElement>(null);
  const handleSubmit = (event: FormEvent) => {
    event.preventDefault();
    const title = input.current?.value.trim() ?? '';
    if (title === '' || !input.current) return;
    input.current.value = '';
    onSubmit(title);
  };
  return (
    <form className={styles.form} onSubmit={handleSubmit}>
      <Field label={label}>
        {(control) => <input {...control} ref={input} dir="auto" maxLength={LIMITS.titleLength} required />}
      </Field>
      <Button type="submit">{submit}</Button>
    </form>
  );
}
