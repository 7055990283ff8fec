import type { Role } from '@tribune/shared/domain.ts';
import { useMemo } from 'react';
import { memberCommands, type MemberCommands } from './memberCommands.ts';
import { useRole, useSelf, useStage } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';

/** What oneself may do to this person; each undefined if not allowed. */
export function useMemberCommands(target: {
  readonly userId: string;
  readonly role: Role;
  readonly muted?: boolean;
}): MemberCommands {
  const { request } = useRoomClient();
  const { userId } = useSelf();
  const role = useRole();
  const stage = useStage();
  return useMemo(
    () => memberCommands({ userId, role }, target, stage, request),
    [userId, role, target, stage, request],
  );
}
