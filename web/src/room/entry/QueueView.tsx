import { UsersRound } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { QueuePlace } from '@tribune/shared/protocol.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Button, EndingPage, EndingText, VisuallyHidden } from '../../ui/index.ts';

/** A place changes every few seconds; a screen reader need not say each. */
const SPEAK_EVERY_MS = 15_000;

/** Every server is full: the place in the queue, and nothing to do but to stay or to go. */
export function QueueView({ place, estimateS }: Pick<QueuePlace, 'place' | 'estimateS'>) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useRoomClient();
  const position = t('queue.place', { value: format.count(place) });
  const wait =
    estimateS === null ? t('queue.unknown') : t('queue.estimate', { time: format.duration(estimateS * 1000) });
  return (
    <EndingPage
      icon={UsersRound}
      title={t('queue.title')}
      buttons={
        <Button variant="ghost" size="lg" onClick={() => client.leave()}>
          {t('queue.leave')}
        </Button>
      }
    >
      <EndingText>{position}</EndingText>
      <EndingText>{wait}</EndingText>
      <EndingText>{t('queue.text')}</EndingText>
      <VisuallyHidden role="status">{useSlow(`${position} ${wait}`)}</VisuallyHidden>
    </EndingPage>
  );
}

/** The text as it was at most `SPEAK_EVERY_MS` ago. */
function useSlow(text: string): string {
  const [slow, setSlow] = useState(text);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    const timer = setInterval(() => setSlow(latest.current), SPEAK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return slow;
}
