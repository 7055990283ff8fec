import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConnectionFigures } from '../../state/types.ts';
import { useQuality } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Dialog } from '../../ui/overlay/index.ts';
import styles from './ConnectionDialog.module.css';

const REFRESH_MS = 1000;

function useFigures(): ConnectionFigures | null {
  const client = useRoomClient();
  const [figures, setFigures] = useState<ConnectionFigures | null>(null);
  useEffect(() => {
    let over = false;
    const refresh = async () => {
      const next = await client.getFigures().catch(() => null);
      if (!over && next) setFigures(next);
    };
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [client]);
  return figures;
}

/** The figures of one's own connection, for those who want to know and those who help them. */
export default function ConnectionDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const quality = useQuality();
  const figures = useFigures();
  const number = (value: number | null | undefined, unit: 'ms' | '%', digits = 0) =>
    value === null || value === undefined ? t('connection.unknown') : format.measure(value, unit, digits);
  const rows = [
    [t('connection.roundTrip'), number(figures?.roundTripMs, 'ms')],
    [t('connection.loss'), number(figures?.lossPct, '%', 1)],
    [t('connection.jitter'), number(figures?.jitterMs, 'ms', 1)],
    [t('connection.jitterBuffer'), number(figures?.jitterBufferMs, 'ms')],
    [t('connection.codec'), figures?.codec ?? t('connection.unknown')],
    [t('connection.protocol'), figures?.protocol?.toUpperCase() ?? t('connection.unknown')],
  ] as const;
  return (
    <Dialog title={t('connection.title')} description={t(`connection.${quality}`)} onClose={onClose}>
      <dl className={styles.figures}>
        {rows.map(([name, value]) => (
          <div key={name} className={styles.row}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
