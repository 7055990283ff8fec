import { useTranslation } from 'react-i18next';
import { Kbd } from '../../ui/index.ts';
import { Dialog } from '../../ui/overlay/index.ts';
import styles from './ShortcutsDialog.module.css';

export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const rows = [
    ['M', t('shortcuts.mute')],
    [t('shortcuts.space'), t('shortcuts.talk')],
    ['H', t('shortcuts.hand')],
    ['?', t('shortcuts.help')],
  ] as const;
  return (
    <Dialog title={t('shortcuts.title')} description={t('shortcuts.note')} onClose={onClose}>
      <dl className={styles.list}>
        {rows.map(([key, text]) => (
          <div key={key} className={styles.row}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
