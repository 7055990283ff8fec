import type { RoomInfo } from '@tribune/shared/domain.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';

const SPEAKERS_ON_CARD = 6;

/** What anyone who holds the link may know. */
export function toRoomInfo(record: RoomRecord, listeners: number): RoomInfo {
  const { id, title, description, language, speakerLimit, phase, host, createdAt, startedAt, endedAt, stage } = record;
  const speakers = [...stage.values()].filter(({ away }) => !away).map(({ userId, name }) => ({ userId, name }));
  return {
    ...{ id, title, description, language, speakerLimit, phase, host, createdAt, startedAt, endedAt, listeners },
    isRecorded: record.recordedFrom !== null,
    speakers: speakers.slice(0, SPEAKERS_ON_CARD),
  };
}
