import type { Person } from '@tribune/shared/domain.ts';
import { Ellipsis } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Command, MemberCommands } from '../../hooks/memberCommands.ts';
import { useMemberCommands } from '../../hooks/useMemberCommands.ts';
import { useNotify } from '../../hooks/useNotify.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Avatar, Button, Field, IconButton, Skeleton } from '../../ui/index.ts';
import { MemberMenu } from '../stage/MemberMenu.tsx';
import styles from './PeopleDialog.module.css';
import { usePeople } from './usePeople.ts';

const TYPING_MS = 250;

export function AudienceList() {
  const { t } = useTranslation();
  const format = useFormat();
  const { request } = useRoomClient();
  const [query, setQuery] = useState('');
  const { value, refresh } = usePeople(
    useCallback(() => request('audience:list', { query }), [request, query]),
    TYPING_MS,
  );
  return (
    <>
      <Field label={t('people.search')}>
        {(control) => (
          <input
            {...control}
            type="search"
            dir="auto"
            value={query}
            autoComplete="off"
            onChange={(event) => setQuery(event.target.value)}
          />
        )}
      </Field>
      {value === null ? (
        <div role="status" aria-label={t('people.loading')}>
          <Skeleton height="58px" />
        </div>
      ) : value.people.length === 0 ? (
        <p className={styles.empty} role="status">
          {query === '' ? t('people.none') : t('people.noMatch')}
        </p>
      ) : (
        <ul role="list" aria-label={t('people.audience')}>
          {value.people.map((person) => (
            <AudienceRow key={person.userId} person={person} onChanged={refresh} />
          ))}
        </ul>
      )}
      {value !== null && value.total > value.people.length && value.people.length > 0 && (
        <p className={styles.empty}>
          {t('people.shown', { shown: format.count(value.people.length), total: format.count(value.total) })}
        </p>
      )}
    </>
  );
}

function AudienceRow({ person, onChanged }: { readonly person: Person; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const run = useRun();
  const notify = useNotify();
  const { userId, name } = person;
  const target = useMemo(() => ({ userId, role: 'listener' as const }), [userId]);
  const allowed = useMemberCommands(target);
  const { invite } = allowed;
  const commands = useMemo(() => refreshing(allowed, onChanged), [allowed, onChanged]);
  const handleInvite = async () => {
    if (invite && (await run(invite))) notify({ text: t('member.invited', { name }) });
  };
  return (
    <li className={styles.row}>
      <Avatar userId={userId} name={name} />
      <span className={styles.name} dir="auto">
        {name}
      </span>
      {invite && (
        <Button size="sm" aria-label={t('people.inviteOf', { name })} onClick={() => void handleInvite()}>
          {t('member.invite')}
        </Button>
      )}
      {commands.remove && (
        <MemberMenu
          person={person}
          commands={commands}
          trigger={<IconButton label={t('people.moreOf', { name })} icon={<Ellipsis size={20} />} />}
        />
      )}
    </li>
  );
}

/** The same commands, and a fresh list after those that make someone leave it. */
function refreshing(commands: MemberCommands, refresh: () => void): MemberCommands {
  const after = (command: Command): Command => command && (() => command().then(refresh));
  return { ...commands, remove: after(commands.remove), ban: after(commands.ban) };
}
