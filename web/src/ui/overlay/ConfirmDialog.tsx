import { AlertDialog } from 'radix-ui';
import { useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../Button.tsx';
import { cx } from '../cx.ts';
import dialog from './Dialog.module.css';
import styles from './ConfirmDialog.module.css';

interface ConfirmDialogProps {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly cancel?: string;
  readonly danger?: boolean;
  /** A yes is what most people want to say, and it can be taken back: it stands first, and has the focus. */
  readonly eager?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  /** Another way on, between cancel and confirm. */
  readonly other?: ReactNode;
}

/** Asks before what cannot be taken back, for as long as it is rendered. Focus starts on Cancel unless `eager`; Escape is Cancel. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation();
  const {
    title,
    text,
    confirm,
    cancel = t('action.cancel'),
    danger = false,
    eager = false,
    onConfirm,
    onCancel,
    other,
  } = props;
  const action = useRef<HTMLButtonElement>(null);
  const handleOpenAutoFocus = (event: Event) => {
    if (!eager) return;
    event.preventDefault();
    action.current?.focus();
  };
  const yes = (
    <AlertDialog.Action asChild ref={action}>
      <Button variant={danger ? 'destructive' : 'primary'} onClick={onConfirm}>
        {confirm}
      </Button>
    </AlertDialog.Action>
  );
  return (
    <AlertDialog.Root open>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={dialog.overlay} />
        <AlertDialog.Content
          className={cx(dialog.content, dialog.card)}
          onEscapeKeyDown={onCancel}
          onOpenAutoFocus={handleOpenAutoFocus}
        >
          <AlertDialog.Title className={dialog.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={dialog.description}>{text}</AlertDialog.Description>
          <div className={cx(styles.buttons, eager && styles.eager)}>
            {eager && yes}
            <AlertDialog.Cancel asChild>
              <Button onClick={onCancel}>{cancel}</Button>
            </AlertDialog.Cancel>
            {other}
            {!eager && yes}
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
