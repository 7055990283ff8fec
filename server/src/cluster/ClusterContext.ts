import type { Redis } from 'ioredis';
import type { ClusterBus } from './ClusterBus.ts';
import type { LiveNode } from './NodeRegistry.ts';

/** This node, and what a room needs of the cluster that it is part of. */
export interface ClusterContext {
  readonly nodeId: string;
  readonly redis: Redis;
  readonly bus: ClusterBus;
  readonly findNode: (nodeId: string) => LiveNode | undefined;
  /** Asks for a node that is not known yet. Harmless where there is none, or Redis is away. */
  readonly lookFor: (nodeId: string) => Promise<void>;
  /** Someone who was on the way here has come. */
  readonly handleArrival: (roomId: string, userId: string) => void;
  /** These people are about to be sent to other nodes. */
  readonly keepPlaces: (roomId: string, userIds: readonly string[]) => Promise<void>;
  /** The node that the stage of a new room should be on; null where none takes another room. */
  readonly pickHome: () => LiveNode | null;
  /** Has this node room for the stage of another room? */
  readonly takesRooms: () => boolean;
  /** No other node lives. */
  readonly isAlone: () => boolean;
  /** Why the nodes cannot record; null where they can. */
  readonly whyNotRecording: () => string | null;
  /** This node gives its rooms away, and takes none. */
  readonly isDraining: () => boolean;
}
