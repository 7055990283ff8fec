import { LIMITS, type RoomInfo } from '@tribune/shared/domain.ts';
import { DoorOpen, Headphones, Mic, RotateCcw } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/useFormat.ts';
import { SettingsButton } from '../../settings/SettingsButton.tsx';
import { Avatar, AvatarStack, Button, Field, PageHeader, PhaseBadge } from '../../ui/index.ts';
import styles from './LobbyView.module.css';

export interface LobbyViewProps {
  readonly room: RoomInfo;
  readonly isHost: boolean;
  readonly initialName: string;
  readonly entering: boolean;
  readonly onEnter: (name: string) => void;
  /** Undefined where there is nothing to hear yet. */
  readonly onHearFromStart?: ((name: string) => void) | undefined;
}

/** What one sees of a room before going in. The one click here is also what lets the browser play sound. */
export function LobbyView({ room, isHost, initialName, entering, onEnter, onHearFromStart }: LobbyViewProps) {
  return (
    <div className={styles.page} data-phase={room.phase}>
      <PageHeader>
        <SettingsButton />
      </PageHeader>
      <main className={styles.main}>
        <article className={styles.card}>
          <RoomSummary room={room} />
          <EntryForm
            phase={room.phase}
            isHost={isHost}
            initialName={initialName}
            entering={entering}
            onEnter={onEnter}
            onHearFromStart={onHearFromStart}
          />
        </article>
      </main>
    </div>
  );
}

function RoomSummary({ room }: { readonly room: RoomInfo }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { title, description, phase, host, language, listeners } = room;
  const counted = { count: listeners, value: format.count(listeners) };
  const others = room.speakers.filter(({ userId }) => userId !== host.userId);
  return (
    <>
      <p className={styles.facts}>
        <PhaseBadge phase={phase} />
        <span>{phase === 'live' ? t('room.listening', counted) : t('room.waiting', counted)}</span>
        <span>{format.language(language)}</span>
        {room.isRecorded && <span>{t('recording.lobby')}</span>}
      </p>
      <h1 className={styles.title} lang={language} dir="auto">
        {title}
      </h1>
      {description !== '' && (
        <p className={styles.description} lang={language} dir="auto">
          {description}
        </p>
      )}
      <div className={styles.people}>
        <Avatar userId={host.userId} name={host.name} className={styles.host} />
        <p className={styles.hostText}>
          <strong dir="auto">{host.name}</strong>
          <span>{t('role.host')}</span>
        </p>
        {others.length > 0 && (
          <>
            <AvatarStack people={others} max={4} />
            <span className={styles.others}>
              {t('lobby.onStage', { names: format.list(others.map(({ name }) => name)) })}
            </span>
          </>
        )}
      </div>
    </>
  );
}

type EntryFormProps = Pick<LobbyViewProps, 'isHost' | 'initialName' | 'entering' | 'onEnter' | 'onHearFromStart'> &
  Pick<RoomInfo, 'phase'>;

function EntryForm({ phase, isHost, initialName, entering, onEnter, onHearFromStart }: EntryFormProps) {
  const { t } = useTranslation();
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const goOn = (go: (name: string) => void) => {
    const name = input.current?.value.trim() ?? '';
    setMissing(name === '');
    if (name === '') input.current?.focus();
    else if (!entering) go(name);
  };
  const handleSubmit = (event: FormEvent) => {
    event.preventDefault();
    goOn(onEnter);
  };
  const goesBackstage = isHost && phase === 'backstage';
  const label = goesBackstage ? t('lobby.backstage') : phase === 'live' ? t('lobby.listen') : t('lobby.waitInside');
  const Icon = goesBackstage ? Mic : phase === 'live' ? Headphones : DoorOpen;
  return (
    <form className={styles.form} noValidate onSubmit={handleSubmit}>
      <Field
        label={t('lobby.yourName')}
        hint={t('lobby.nameHint')}
        error={missing ? t('lobby.nameMissing') : undefined}
      >
        {(control) => (
          <input
            {...control}
            ref={input}
            name="name"
            dir="auto"
            required
            maxLength={LIMITS.nameLength}
            autoComplete="nickname"
            enterKeyHint="go"
            defaultValue={initialName}
          />
        )}
      </Field>
      <Button
        type="submit"
        variant="primary"
        size="lg"
        block
        pending={entering}
        icon={<Icon size={21} aria-hidden="true" />}
      >
        {entering ? t('lobby.entering') : label}
      </Button>
      {onHearFromStart && (
        <Button
          variant="ghost"
          size="lg"
          block
          icon={<RotateCcw size={21} aria-hidden="true" />}
          onClick={() => goOn(onHearFromStart)}
        >
          {t('fromStart.open')}
        </Button>
      )}
      <p className={styles.promise}>{isHost ? t('lobby.hostPromise') : t('lobby.promise')}</p>
    </form>
  );
}
