import { isStageRole } from '@tribune/shared/domain.ts';
import { useCallback } from 'react';
import { useMicrophoneState, useOwnMember, useRole } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';
import { useRun } from './useRun.ts';

/**
 * - `absent`: in the audience, without a microphone. - `off`: on stage, not turned on. - `starting`: on its way.
 * - `muted`, `open`: sent to the room, or held back there.
 */
type MicrophoneStatus = 'absent' | 'off' | 'starting' | 'muted' | 'open';

export interface Microphone {
  readonly status: MicrophoneStatus;
  readonly speakingWhileMuted: boolean;
  /** Undefined while there is nothing to mute. */
  readonly setMuted: ((muted: boolean) => void) | undefined;
}

/** One's own microphone as the controls see it: what the server decided counts, then what oneself wants. */
export function useMicrophone(): Microphone {
  const client = useRoomClient();
  const run = useRun();
  const onStage = isStageRole(useRole());
  const microphone = useMicrophoneState();
  const member = useOwnMember();
  const setMuted = useCallback((muted: boolean) => void run(() => client.setMuted(muted)), [client, run]);
  if (!onStage) return { status: 'absent', speakingWhileMuted: false, setMuted: undefined };
  switch (microphone.kind) {
    case 'live': {
      const muted = microphone.muted || member?.muted === true;
      return {
        status: muted ? 'muted' : 'open',
        speakingWhileMuted: muted && microphone.speakingWhileMuted,
        setMuted,
      };
    }
    case 'starting':
      return { status: 'starting', speakingWhileMuted: false, setMuted: undefined };
    default:
      return { status: 'off', speakingWhileMuted: false, setMuted: undefined };
  }
}
