import { isStageRole } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useHands, useIsRecording, usePhase, usePlane, useRole, useRoomInfo, useSelf } from './roomFacts.ts';
import { useAnnounce } from './useAnnounce.ts';
import { useHand } from './useHand.ts';
import { useMicrophone } from './useMicrophone.ts';
import { useConnection } from './useRoomState.ts';

/** Calls `tell` when the value changes, never for the first one. */
function useChange<T>(value: T, tell: (value: T, before: T) => void): void {
  const before = useRef(value);
  useEffect(() => {
    if (Object.is(before.current, value)) return;
    const last = before.current;
    before.current = value;
    tell(value, last);
  });
}

/** Puts into words what the eye sees change. */
export function useAnnouncements(): void {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const role = useRole();
  const { host } = useRoomInfo();
  const { handPlace } = useSelf();
  const onStage = isStageRole(role);
  const leads = can(role, 'hand:approve');
  const phase = usePhase();
  const isRecording = useIsRecording();
  useChange(phase, (now) => {
    if (now !== 'live') return;
    // In one text: of two at once, only the second would be read.
    const recorded = isRecording ? ` ${t('recording.started')}` : '';
    if (onStage) announce(t('live.nowStage') + recorded, 'assertive');
    else announce(t('live.nowAudience', { name: host.name }) + recorded);
  });
  useChange(isRecording, (now) => {
    const started = phase === 'backstage' ? t('recording.armed') : t('recording.started');
    announce(now ? started : t('recording.stopped'), onStage ? 'assertive' : 'polite');
  });
  useChange(onStage, (now) => {
    if (now) announce(t('live.onStage'));
  });
  useChange(handPlace, (place, before) => {
    if (place !== null) announce(t('hand.raised', { place }));
    else if (before !== null && !onStage) announce(t('hand.lowered'));
  });
  useChange(useHands(), (hands, before) => {
    const known = new Set(before.map(({ userId }) => userId));
    const raised = hands.filter(({ userId }) => !known.has(userId));
    const [first] = raised;
    if (!first || !leads) return;
    announce(raised.length === 1 ? t('hand.newOne', { name: first.name }) : t('hand.new', { count: raised.length }));
  });
  useChange(useMicrophone().status, (status, before) => {
    if (status === 'muted') announce(t('mic.mutedNow'));
    if (status === 'open' && before !== 'absent') announce(t('mic.unmutedNow'));
  });
  const plane = usePlane();
  useChange(useHand().waits, (waits) => {
    if (waits) announce(t('hand.waitsLong'));
  });
  const cause = plane.kind === 'http' ? plane.cause : null;
  // The page may begin late, and nobody has been told so yet.
  const told = useRef<typeof cause>(null);
  useEffect(() => {
    if (told.current !== cause) announce(t(cause === null ? 'plane.direct' : `plane.${cause}`));
    told.current = cause;
  }, [announce, t, cause]);
  useChange(useConnection().kind, (kind, before) => {
    if (kind === 'joined' && before === 'resuming') announce(t('banner.back'));
  });
}
