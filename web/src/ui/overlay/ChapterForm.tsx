import { LIMITS } from '@tribune/shared/domain.ts';
import { useRef, type FormEvent } from 'react';
import { Button, Field } from '../index.ts';
import styles from './ChapterForm.module.css';

interface ChapterFormProps {
  readonly label: string;
  readonly submit: string;
  /** Resolves to whether it worked: what was typed comes back where it did not. */
  readonly onSubmit: (title: string) => Promise<boolean>;
}

/** Names the chapter that begins here. */
export function ChapterForm({ label, submit, onSubmit }: ChapterFormProps) {
  const input = useRef<HTMLInputElement>(null);
  const submitTitle = async () => {
    const title = input.current?.value.trim() ?? '';
    if (title === '' || !input.current) return;
    input.current.value = '';
    if (!(await onSubmit(title)) && input.current?.value === '') input.current.value = title;
  };
  const handleSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submitTitle();
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
