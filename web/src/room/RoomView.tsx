import { isStageRole } from '@tribune/shared/domain.ts';
import { useEffect, useState } from 'react';
import { useMicrophoneState, usePhase, useRole } from '../hooks/roomFacts.ts';
import { Audience } from './audience/Audience.tsx';
import { BackstageBar } from './stage/BackstageBar.tsx';
import { Controls } from './controls/Controls.tsx';
import { HandsQueue } from './audience/HandsQueue.tsx';
import { ReactionFlow } from './stage/ReactionFlow.tsx';
import { RoomDialogs, type RoomDialog } from './dialogs/RoomDialogs.tsx';
import { RoomHeader } from './RoomHeader.tsx';
import styles from './RoomView.module.css';
import { Stage } from './stage/Stage.tsx';

/** The room itself: for everyone on stage, and for listeners once it is live. */
export function RoomView() {
  const phase = usePhase();
  const [dialog, setDialog] = useState<RoomDialog | null>(null);
  useMicrophoneCheck(() => setDialog('microphone'));
  return (
    <div className={styles.room} data-phase={phase}>
      <RoomHeader onDialog={setDialog} />
      <main className={styles.main}>
        {phase === 'backstage' && (
          <div className={styles.backstage}>
            <BackstageBar />
          </div>
        )}
        <div className={styles.stage}>
          <Stage />
        </div>
        <div className={styles.side}>
          <HandsQueue />
          <Audience />
        </div>
      </main>
      <ReactionFlow />
      <Controls onDialog={setDialog} />
      <RoomDialogs dialog={dialog} onDialog={setDialog} />
    </div>
  );
}

/** Someone who is on stage without a microphone is asked to check it, once each time that they get there. */
function useMicrophoneCheck(ask: () => void): void {
  const onStage = isStageRole(useRole());
  const needed = useMicrophoneState().kind === 'off' && onStage;
  useEffect(() => {
    if (needed) ask();
    // Only on the way in: staying muted is an answer, and is not asked again.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [needed]);
}
