import type { Phase, Role } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useMemo } from 'react';
import type { RoomActions } from '../client/types.ts';
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

function roomCommands(role: Role, phase: Phase, locked: boolean, actions: RoomActions): RoomCommands {
  const mayLock = can(role, 'room:lock');
  return {
    goLive: phase === 'backstage' && can(role, 'room:goLive') ? () => actions.goLive() : undefined,
    lock: mayLock && !locked ? () => actions.setLocked(true) : undefined,
    unlock: mayLock && locked ? () => actions.setLocked(false) : undefined,
    muteOthers: can(role, 'stage:muteOthers') ? () => actions.muteOthers() : undefined,
    leaveStage: can(role, 'stage:leave') ? () => actions.leaveStage() : undefined,
    end: can(role, 'room:end') ? () => actions.endRoom() : undefined,
  };
}

export function useRoomCommands(): RoomCommands {
  const { actions } = useRoomClient();
  const role = useRole();
  const phase = usePhase();
  const locked = useIsLocked();
  return useMemo(() => roomCommands(role, phase, locked, actions), [role, phase, locked, actions]);
}
