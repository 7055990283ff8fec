import type { Phase, Role } from '@tribune/shared/domain.ts';
import type { RoomClientApi } from '../client/RoomClientApi.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useMemo } from 'react';

import type { Command } from './memberCommands.ts';
import { useIsLocked, usePhase, useRole } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';

/** What one may do to the room as a whole; each undefined if not allowed or not possible. */
export interface RoomCommands {
  readonly goLive: Command;
  readonly lock: Command;
  readonly unlock: Command;
  readonly muteOthers: Command;
  readonly leaveStage: Command;
  readonly end: Command;
}

function roomCommands(role: Role, phase: Phase, locked: boolean, request: RoomClientApi['request']): RoomCommands {
  const mayLock = can(role, 'room:lock');
  return {
    goLive: phase === 'backstage' && can(role, 'room:goLive') ? () => request('room:goLive') : undefined,
    lock: mayLock && !locked ? () => request('room:lock', { locked: true }) : undefined,
    unlock: mayLock && locked ? () => request('room:lock', { locked: false }) : undefined,
    muteOthers: can(role, 'stage:muteOthers') ? () => request('stage:muteOthers') : undefined,
    leaveStage: can(role, 'stage:leave') ? () => request('stage:leave') : undefined,
    end: can(role, 'room:end') ? () => request('room:end') : undefined,
  };
}

export function useRoomCommands(): RoomCommands {
  const { request } = useRoomClient();
  const role = useRole();
  const phase = usePhase();
  const locked = useIsLocked();
  return useMemo(() => roomCommands(role, phase, locked, request), [role, phase, locked, request]);
}
