import { LIMITS, ROOM_LANGUAGES, ROOM_SOUNDS, type RoomLanguage, type RoomSound } from '@tribune/shared/domain.ts';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat.ts';
import { Button, Field } from '../ui/index.ts';
import styles from './CreateRoomForm.module.css';

export interface NewRoom {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly language: RoomLanguage;
  readonly speakerLimit: number;
  readonly sound: RoomSound;
  readonly broadcast?: true;
}

interface CreateRoomFormProps {
  readonly initialName: string;
  readonly initialLanguage: RoomLanguage;
  readonly onSubmit: (room: NewRoom) => Promise<void>;
}

type Flaws = Readonly<Partial<Record<'name' | 'title' | 'speakerLimit', string>>>;

export function CreateRoomForm({ initialName, initialLanguage, onSubmit }: CreateRoomFormProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [flaws, setFlaws] = useState<Flaws>({});
  const [pending, setPending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const range = { min: LIMITS.minSpeakers, max: LIMITS.maxSpeakers };

  const handleSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const room = readForm(new FormData(event.currentTarget));
    const found: Flaws = {
      ...(room.name === '' && { name: t('create.nameMissing') }),
      ...(room.title === '' && { title: t('create.titleMissing') }),
      ...(!isSpeakerLimit(room.speakerLimit) && { speakerLimit: t('create.speakersInvalid', range) }),
    };
    setFlaws(found);
    const [first] = Object.keys(found);
    if (first) return form.current?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
    setPending(true);
    await onSubmit(room);
    setPending(false);
  };

  return (
    <form ref={form} className={styles.form} noValidate onSubmit={(event) => void handleSubmit(event)}>
      <Field label={t('create.yourName')} error={flaws.name}>
        {(control) => (
          <input
            {...control}
            name="name"
            dir="auto"
            required
            maxLength={LIMITS.nameLength}
            autoComplete="nickname"
            defaultValue={initialName}
          />
        )}
      </Field>
      <Field label={t('create.roomTitle')} hint={t('create.roomTitleHint')} error={flaws.title}>
        {(control) => (
          <input {...control} name="title" dir="auto" required maxLength={LIMITS.titleLength} autoComplete="off" />
        )}
      </Field>
      <Field label={t('create.description')} note={t('create.optional')}>
        {(control) => (
          <textarea {...control} name="description" dir="auto" rows={2} maxLength={LIMITS.descriptionLength} />
        )}
      </Field>
      <div className={styles.pair}>
        <Field label={t('create.language')}>
          {(control) => (
            <select {...control} name="language" defaultValue={initialLanguage}>
              {ROOM_LANGUAGES.map((tag) => (
                <option key={tag} value={tag}>
                  {format.language(tag)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('create.speakers')} hint={t('create.speakersHint', range)} error={flaws.speakerLimit}>
          {(control) => (
            <input
              {...control}
              name="speakerLimit"
              type="number"
              inputMode="numeric"
              required
              {...range}
              defaultValue={LIMITS.defaultSpeakers}
            />
          )}
        </Field>
      </div>
      <Field label={t('create.sound')} hint={t('create.soundHint')}>
        {(control) => (
          <select {...control} name="sound" defaultValue="speech">
            {ROOM_SOUNDS.map((sound) => (
              <option key={sound} value={sound}>
                {t(`create.${sound}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('create.audience')} hint={t('create.audienceHint')}>
        {(control) => (
          <select {...control} name="audience" defaultValue="room">
            <option value="room">{t('create.audienceRoom')}</option>
            <option value="broadcast">{t('create.audienceBroadcast')}</option>
          </select>
        )}
      </Field>
      <Button type="submit" variant="primary" size="lg" block pending={pending}>
        {t('create.submit')}
      </Button>
    </form>
  );
}

function readForm(data: FormData): NewRoom {
  const text = (key: string) => {
    const value = data.get(key);
    return typeof value === 'string' ? value.trim() : '';
  };
  return {
    name: text('name'),
    title: text('title'),
    description: text('description'),
    language: ROOM_LANGUAGES.find((tag) => tag === data.get('language')) ?? 'en',
    sound: ROOM_SOUNDS.find((sound) => sound === data.get('sound')) ?? 'speech',
    speakerLimit: Number(data.get('speakerLimit') || Number.NaN),
    ...(data.get('audience') === 'broadcast' && { broadcast: true as const }),
  };
}

function isSpeakerLimit(value: number): boolean {
  return Number.isInteger(value) && value >= LIMITS.minSpeakers && value <= LIMITS.maxSpeakers;
}
