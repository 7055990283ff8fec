import type { Person } from '@tribune/shared/domain.ts';
import { ArrowDownToLine, Ban, Crown, MicOff, ShieldMinus, ShieldPlus, UserX } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Command, MemberCommands } from '../../hooks/memberCommands.ts';
import { useRun } from '../../hooks/useRun.ts';
import { ConfirmDialog, Menu } from '../../ui/overlay/index.ts';

const ICON = { size: 19, 'aria-hidden': true } as const;

/** What cannot be taken back by the same hand asks first. */
type Question = 'handOver' | 'remove' | 'ban';

interface MemberMenuProps {
  readonly person: Person;
  readonly commands: MemberCommands;
  readonly trigger: ReactNode;
}

/** What one may do to somebody on stage or in the audience. */
export function MemberMenu({ person, commands, trigger }: MemberMenuProps) {
  const { t } = useTranslation();
  const run = useRun();
  const [question, setQuestion] = useState<Question | null>(null);
  const { name } = person;
  const at = (command: Command) => command && (() => void run(command));
  const ask = (about: Question) => commands[about] && (() => setQuestion(about));
  return (
    <>
      <Menu
        label={t('tile.menu', { name })}
        trigger={trigger}
        groups={[
          [
            { label: t('member.mute'), icon: <MicOff {...ICON} />, run: at(commands.mute) },
            { label: t('member.demote'), icon: <ArrowDownToLine {...ICON} />, run: at(commands.demote) },
          ],
          [
            { label: t('member.addCohost'), icon: <ShieldPlus {...ICON} />, run: at(commands.addCohost) },
            { label: t('member.removeCohost'), icon: <ShieldMinus {...ICON} />, run: at(commands.removeCohost) },
            { label: t('member.handOver'), icon: <Crown {...ICON} />, run: ask('handOver') },
          ],
          [
            { label: t('member.remove'), icon: <UserX {...ICON} />, run: ask('remove'), danger: true },
            { label: t('member.ban'), icon: <Ban {...ICON} />, run: ask('ban'), danger: true },
          ],
        ]}
      />
      {question && (
        <ConfirmDialog
          title={t(`confirm.${question}Title`, { name })}
          text={t(`confirm.${question}Text`)}
          confirm={t(`member.${question}`)}
          danger={question !== 'handOver'}
          onCancel={() => setQuestion(null)}
          onConfirm={() => {
            setQuestion(null);
            const command = commands[question];
            if (command) void run(command);
          }}
        />
      )}
    </>
  );
}
