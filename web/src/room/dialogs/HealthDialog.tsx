import type { RoomHealthInfo, Spread } from '@tribune/shared/protocol.ts';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useListenerCount } from '../../hooks/roomFacts.ts';
import { usePolled } from '../../hooks/usePolled.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Button, Skeleton } from '../../ui/index.ts';
import { Dialog } from '../../ui/overlay/index.ts';
import styles from './HealthDialog.module.css';
import { Sparkline } from './Sparkline.tsx';

/** As often as the server takes a sample. */
const REFRESH_MS = 10_000;

/** For host and co-hosts: how many listen, how well they hear, and what they make of it. */
export default function HealthDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { request } = useRoomClient();
  const health = usePolled(
    useCallback(() => request('room:health'), [request]),
    REFRESH_MS,
  );
  switch (health.kind) {
    case 'loading':
      return (
        <Dialog title={t('health.title')} onClose={onClose}>
          <div role="status" aria-label={t('health.loading')}>
            <Skeleton height="300px" />
          </div>
        </Dialog>
      );
    case 'failed':
      return (
        <Dialog title={t('health.title')} description={t(`problems.${health.problem}.title`)} onClose={onClose}>
          <Button onClick={health.retry}>{t('action.retry')}</Button>
        </Dialog>
      );
    case 'ready':
      return <Health health={health.value} onClose={onClose} />;
  }
}

function Health({ health, onClose }: { readonly health: RoomHealthInfo; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { listeners, reactions, quality } = health;
  // The newest sample may be older than somebody's coming.
  const listening = useListenerCount();
  const { reports, weak } = quality;
  const strong = format.percent(reports === 0 ? 1 : 1 - weak / reports);
  const total = reactions.reduce((sum, count) => sum + count, 0);
  return (
    <Dialog
      title={t('health.title')}
      description={reports === 0 ? t('health.noReports') : t('health.summary', { share: strong })}
      onClose={onClose}
    >
      <Course
        name={t('health.listeners')}
        values={listeners}
        everyS={health.everyS}
        now={format.count(listening)}
        note={t('health.peak', { value: format.count(Math.max(listening, ...listeners)) })}
      />
      <Course name={t('health.reactions')} values={reactions} everyS={health.everyS} now={format.count(total)} />
      {reports > 0 && <QualityTable health={health} />}
    </Dialog>
  );
}

interface CourseProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly everyS: number;
  readonly now: string;
  readonly note?: string;
}

function Course({ name, values, everyS, now, note }: CourseProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [first] = values;
  const last = values.at(-1);
  const time = format.duration(values.length * everyS * 1000);
  return (
    <section className={styles.course} aria-label={name}>
      <p className={styles.head}>
        <span className={styles.name}>{name}</span>
        {note && <span className={styles.soft}>{note}</span>}
        <span className={styles.now}>{now}</span>
      </p>
      {first === undefined || last === undefined || values.length < 2 ? (
        <p className={styles.soft}>{t('health.tooEarly')}</p>
      ) : (
        <>
          <Sparkline
            values={values}
            label={t('health.course', {
              name,
              time,
              first: format.count(first),
              last: format.count(last),
              highest: format.count(Math.max(...values)),
            })}
          />
          <p className={styles.span} aria-hidden>
            <span>{t('health.ago', { time })}</span>
            <span>{t('health.now')}</span>
          </p>
        </>
      )}
    </section>
  );
}

function QualityTable({ health: { quality } }: { readonly health: RoomHealthInfo }) {
  const { t } = useTranslation();
  const format = useFormat();
  const number = (value: number | undefined, unit: 's' | 'ms' | '%', digits = 0) =>
    value === undefined ? t('connection.unknown') : format.measure(value, unit, digits);
  const seconds = (spread: Spread | null) => spread && { median: spread.median / 1000, p95: spread.p95 / 1000 };
  const rows = [
    [t('health.firstSound'), seconds(quality.ttfaMs), 's', 1],
    [t('connection.roundTrip'), quality.rttMs, 'ms', 0],
    [t('connection.loss'), quality.lossPct, '%', 1],
    [t('connection.jitter'), quality.jitterMs, 'ms', 1],
  ] as const;
  return (
    <table className={styles.table}>
      <caption>{t('health.quality')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('health.measure')}</th>
          <th scope="col">{t('health.median')}</th>
          <th scope="col">{t('health.p95')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, spread, unit, digits]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{number(spread?.median, unit, digits)}</td>
            <td>{number(spread?.p95, unit, digits)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
