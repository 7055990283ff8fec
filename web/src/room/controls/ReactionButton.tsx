import { REACTION_KINDS } from '@tribune/shared/domain.ts';
import { SmilePlus } from 'lucide-react';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { ControlButton } from './ControlButton.tsx';
import styles from './ReactionButton.module.css';
import { REACTION_PICTURES } from '../reactions.ts';

/** A tray of reactions that stays open while one reacts; the button or Escape closes it. */
export function ReactionButton() {
  const { t } = useTranslation();
  const client = useRoomClient();
  const run = useRun();
  const id = useId();
  const [open, setOpen] = useState(false);
  const container = useRef<HTMLDivElement>(null);
  const handleKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    setOpen(false);
    container.current?.querySelector<HTMLButtonElement>('[aria-expanded]')?.focus();
  };
  return (
    <div ref={container} className={styles.container} onKeyDown={handleKeyDown}>
      {open && (
        <div id={id} className={styles.tray} role="group" aria-label={t('reaction.title')}>
          {REACTION_KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              className={styles.reaction}
              aria-label={t(`reaction.${kind}`)}
              onClick={() => void run(() => client.react(kind))}
            >
              <img src={REACTION_PICTURES[kind]} alt="" width={30} height={30} />
            </button>
          ))}
        </div>
      )}
      <ControlButton
        label={t('reaction.open')}
        icon={<SmilePlus size={22} />}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      />
    </div>
  );
}
