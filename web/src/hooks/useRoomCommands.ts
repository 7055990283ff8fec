import type { Role, RoomState } from '@tribune/shared/domain.ts';
import type { RoomClientApi } from '../client/RoomClientApi.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useMemo } from 'react';

import type { Command } from './memberCommands.ts';
import { useIsLocked, useIsRecording, usePhase, useRecordingPolicy, useRole } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';

/** What one may do to the room as a whole; each undefined if not allowed or not possible. */
export interface RoomCommands {
  readonly goLive: Command;
  readonly lock: Command;
  readonly unlock: Command;
  readonly muteOthers: Command;
  readonly record: Command;
  readonly stopRecording: Command;
  readonly leaveStage: Command;
  readonly end: Command;
}

type RoomFacts = Pick<RoomState, 'phase' | 'locked' | 'recording' | 'recordingPolicy'>;

function roomCommands(role: Role, facts: RoomFacts, request: RoomClientApi['request']): RoomCommands {
  const { phase, locked, recording, recordingPolicy } = facts;
  const mayRecord = can(role, 'recording:start') && recordingPolicy === 'allowed';
  const mayLock = can(role, 'room:lock');
  return {
    goLive: phase === 'backstage' && can(role, 'room:goLive') ? () => request('room:goLive') : undefined,
    lock: mayLock && !locked ? () => request('room:lock', { locked: true }) : undefined,
    unlock: mayLock && locked ? () => request('room:lock', { locked: false }) : undefined,
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
  const recording = useIsRecording();
  const recordingPolicy = useRecordingPolicy();
  return useMemo(
    () => roomCommands(role, { phase, locked, recording, recordingPolicy }, request),
    [role, phase, locked, recording, recordingPolicy, request],
  );
}
