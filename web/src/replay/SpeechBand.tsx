import type { ReplayCut, ReplayInfo } from '@tribune/shared/recordings.ts';
import { useMemo, type CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat.ts';
import { hueOf } from '../ui/avatar.ts';
import { clock } from './clock.ts';
import styles from './SpeechBand.module.css';
import { speakersAt } from './turns.ts';

const HEIGHT = 16;

interface SpeechBandProps {
  readonly replay: ReplayInfo;
  readonly cuts?: readonly ReplayCut[] | undefined;
  readonly positionMs: number;
  readonly onSeek: (ms: number) => void;
}

/** How loud it is at each moment, in the colour of who speaks, and where one is: a slider. */
export function SpeechBand({ replay, cuts = [], positionMs, onSeek }: SpeechBandProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { durationMs, levelMs, gaps, chapters } = replay;
  const bars = useMemo(() => barsOf(replay), [replay]);
  const time = { time: clock(positionMs), total: clock(durationMs) };
  const speaking = speakersAt(replay, positionMs).map(({ name }) => name);
  const place =
    speaking.length > 0
      ? t('replay.speakingText', { ...time, names: format.list(speaking) })
      : t('replay.positionText', time);
  const isCut = cuts.some(({ fromMs, toMs }) => fromMs <= positionMs && positionMs < toMs);
  const valueText = isCut ? t('edit.cutText', { place }) : place;
  return (
    <div className={styles.band}>
      <svg
        className={styles.bars}
        viewBox={`0 ${-HEIGHT} ${Math.max(1, replay.levels.length)} ${2 * HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {gaps.map(({ fromMs, toMs }) => (
          <rect
            key={fromMs}
            className={styles.gap}
            x={fromMs / levelMs}
            width={(toMs - fromMs) / levelMs}
            y={-HEIGHT}
            height={2 * HEIGHT}
          />
        ))}
        {[...bars].map(([userId, path]) => (
          <path
            key={userId}
            className={userId === '' ? styles.nobody : styles.somebody}
            d={path}
            style={{ '--hue': hueOf(userId) } as CSSProperties}
          />
        ))}
        {chapters.map(({ id, atMs }) => (
          <path key={id} className={styles.chapter} d={`M${atMs / levelMs} ${-HEIGHT}v${2 * HEIGHT}`} />
        ))}
        {replay.reactions.length > 0 && <path className={styles.reactions} d={curveOf(replay.reactions)} />}
        {cuts.map(({ id, fromMs, toMs }) => (
          <rect
            key={id}
            className={styles.cut}
            x={fromMs / levelMs}
            width={(toMs - fromMs) / levelMs}
            y={-HEIGHT}
            height={2 * HEIGHT}
          />
        ))}
      </svg>
      <div
        className={styles.head}
        style={{ '--position': durationMs > 0 ? positionMs / durationMs : 0 } as CSSProperties}
      />
      <input
        type="range"
        className={styles.slider}
        aria-label={t('replay.position')}
        aria-valuetext={valueText}
        min={0}
        max={Math.max(1, Math.ceil(durationMs / 1000))}
        value={Math.round(positionMs / 1000)}
        onChange={({ target }) => onSeek(Number(target.value) * 1000)}
      />
    </div>
  );
}

/** One path for each who speaks, by user id; '' is nobody. */
function barsOf({ levels, levelMs, ...who }: ReplayInfo): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [at, level] of levels.entries()) {
    const [speaker] = speakersAt(who, (at + 0.5) * levelMs);
    const userId = speaker?.userId ?? '';
    const half = Math.max(0.6, (HEIGHT * level) / 15);
    paths.set(userId, `${paths.get(userId) ?? ''}M${at} ${-half}h1V${half}h-1z`);
  }
  return paths;
}

/** As wide as a burst of applause is heard, so that single reactions make a hill and no needle. */
const SMOOTHED_OVER = 4;

/** Along the lower edge, as high as there were reactions. */
function curveOf(reactions: readonly number[]): string {
  const smooth = reactions.map((_, at) => {
    const near = reactions.slice(Math.max(0, at - SMOOTHED_OVER), at + SMOOTHED_OVER + 1);
    return near.reduce((sum, count) => sum + count, 0) / near.length;
  });
  const most = Math.max(...smooth, Number.EPSILON);
  return `M0 ${HEIGHT}${smooth.map((count, at) => `L${at + 0.5} ${HEIGHT - (HEIGHT * count) / most}`).join('')}V${HEIGHT}z`;
}
