import type { Role, RoomSound, RoomState } from '@tribune/shared/domain.ts';
import type { RoomClientApi } from '../client/RoomClientApi.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useMemo } from 'react';

import type { Command } from './memberCommands.ts';
import { useIsLocked, useIsRecording, usePhase, useRecordingPolicy, useRole, useSound } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';

/** What one may do to the room as a whole; each undefined if not allowed or not possible. */
export interface RoomCommands {
  readonly goLive: Command;
  readonly lock: Command;
  readonly unlock: Command;
  readonly forMusic: Command;
  readonly forSpeech: Command;
  readonly muteOthers: Command;
  readonly record: Command;
  readonly stopRecording: Command;
  readonly leaveStage: Command;
  readonly end: Command;
}

type RoomFacts = Pick<RoomState, 'phase' | 'locked' | 'sound' | 'recording' | 'recordingPolicy'>;

function roomCommands(role: Role, facts: RoomFacts, request: RoomClientApi['request']): RoomCommands {
  const { phase, locked, sound, recording, recordingPolicy } = facts;
  const mayRecord = can(role, 'recording:start') && recordingPolicy === 'allowed';
  const mayLock = can(role, 'room:lock');
  const soundIs = (wanted: RoomSound): Command =>
    can(role, 'room:setSound') && sound !== wanted ? () => request('room:setSound', { sound: wanted }) : undefined;
  return {
    goLive: phase === 'backstage' && can(role, 'room:goLive') ? () => request('room:goLive') : undefined,
    lock: mayLock && !locked ? () => request('room:lock', { locked: true }) : undefined,
    unlock: mayLock && locked ? () => request('room:lock', { locked: false }) : undefined,
    forMusic: soundIs('music'),
    forSpeech: soundIs('speech'),
    muteOthers: can(role, 'stage:muteOthers') ? () => request('stage:muteOthers') : undefined,
    record: mayRecord && !recording ? () => request('recording:start') : undefined,
    stopRecording: mayRecord && recording ? () => request('recording:stop') : undefined,
    leaveStage: can(role, 'stage:leave') ? () => request('stage:leave') : undefined,
    end: can(role, 'room:end') ? () => request('room:end') : undefined,
  };
}

export function useRoomCommands(): RoomCommands {
  const { request } = useRoomClient();
  const role = useRole();
  const phase = usePhase();
  const locked = useIsLocked();
  const sound = useSound();
  const recording = useIsRecording();
  const recordingPolicy = useRecordingPolicy();
  return useMemo(
    () => roomCommands(role, { phase, locked, sound, recording, recordingPolicy }, request),
    [role, phase, locked, sound, recording, recordingPolicy, request],
  );
}
