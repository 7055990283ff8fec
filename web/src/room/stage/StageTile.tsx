import type { StageMember } from '@tribune/shared/domain.ts';
import { MicOff } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { hasCommand } from '../../hooks/memberCommands.ts';
import { useIsSpeaking } from '../../hooks/useIsSpeaking.ts';
import { useMemberCommands } from '../../hooks/useMemberCommands.ts';
import { isolate } from '../../i18n/isolate.ts';
import { Avatar, cx, lazyPart, VisuallyHidden } from '../../ui/index.ts';
import styles from './StageTile.module.css';

const MemberMenu = lazyPart(async () => (await import('./MemberMenu.tsx')).MemberMenu);

interface StageTileProps {
  readonly member: StageMember;
  readonly isSelf: boolean;
}

/** One person on stage. It alone renders when they start and stop to speak. */
export const StageTile = memo(function StageTile({ member, isSelf }: StageTileProps) {
  const { t } = useTranslation();
  const { userId, name, role, muted, away } = member;
  const speaking = useIsSpeaking(userId) && !muted && !away;
  const commands = useMemberCommands(member);
  const status = away ? 'away' : muted ? 'muted' : speaking ? 'speaking' : 'open';
  const label = [isolate(name), isSelf && t('room.you'), t(`role.${role}`), t(`tile.${status}`)]
    .filter(Boolean)
    .join(', ');
  const face = <TileFace member={member} isSelf={isSelf} />;
  return (
    <li
      className={styles.tile}
      aria-label={label}
      data-user-id={userId}
      data-speaking={speaking}
      data-muted={muted}
      data-away={away}
    >
      {hasCommand(commands) ? (
        <MemberMenu
          fallback={<span className={styles.face}>{face}</span>}
          person={member}
          commands={commands}
          trigger={
            <button type="button" className={cx(styles.face, styles.button)}>
              <VisuallyHidden>{t('tile.menuBefore')}</VisuallyHidden> {face}
            </button>
          }
        />
      ) : (
        <span className={styles.face}>{face}</span>
      )}
    </li>
  );
});

function TileFace({ member, isSelf }: StageTileProps): ReactNode {
  const { t } = useTranslation();
  const { userId, name, role, muted, away } = member;
  return (
    <>
      <span className={styles.picture}>
        <Avatar userId={userId} name={name} className={styles.avatar} />
        {muted && (
          <span className={styles.muted}>
            <MicOff size={16} aria-hidden="true" />
          </span>
        )}
      </span>
      {/* The spaces are for the button's name, which is made of these words. */}
      <span className={styles.name} dir="auto">
        {name}
      </span>{' '}
      <span className={cx(styles.role, role !== 'speaker' && styles.lead)}>
        {away ? t('tile.away') : isSelf ? `${t(`role.${role}`)} · ${t('room.you')}` : t(`role.${role}`)}
      </span>
    </>
  );
}
