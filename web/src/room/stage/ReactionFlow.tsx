import type { ReactionKind } from '@tribune/shared/domain.ts';
import { useEffect, useState, type CSSProperties } from 'react';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import styles from './ReactionFlow.module.css';
import { bubblesOf, BUBBLE_LIFE_MS, type Bubble } from './reactionBubbles.ts';
import { REACTION_PICTURES } from '../reactions.ts';

const MAX_BUBBLES = 40;

/** Reactions rising over the room: decoration, bounded whatever the audience sends. */
export function ReactionFlow() {
  const client = useRoomClient();
  const [bubbles, setBubbles] = useState<readonly Bubble[]>([]);
  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = client.onReactions((counts: Partial<Record<ReactionKind, number>>) => {
      const added = bubblesOf(counts);
      setBubbles((now) => [...now, ...added].slice(-MAX_BUBBLES));
      const timer = setTimeout(() => {
        timers.delete(timer);
        setBubbles((now) => now.filter((bubble) => !added.includes(bubble)));
      }, BUBBLE_LIFE_MS);
      timers.add(timer);
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [client]);
  return (
    <div className={styles.flow} aria-hidden="true" data-testid="reactions">
      {bubbles.map(({ id, kind, left, delayMs, drift, size }) => (
        <img
          key={id}
          src={REACTION_PICTURES[kind]}
          alt=""
          className={styles.bubble}
          data-kind={kind}
          style={
            {
              left: `${left}%`,
              width: size,
              height: size,
              animationDelay: `${delayMs}ms`,
              '--drift': `${drift}px`,
            } as CSSProperties
          }
        />
      ))}
    </div>
  );
}
