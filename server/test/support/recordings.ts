import type { NewRecording } from '../../src/sql/recording.ts';

/** What a recorder tells when it begins. */
export function newRecording(values: Partial<NewRecording> & { readonly id: string }): NewRecording {
  return {
    ...{ roomId: 'room', title: 'Evening talk', host: { userId: 'u-host', name: 'Ada' }, language: 'en' },
    ...{ visibility: 'unlisted', startedAt: 1_000_000, node: 'node-1', retentionDays: null },
    ...values,
  };
}
