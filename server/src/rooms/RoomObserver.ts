import type { ReactionKind } from '@tribune/shared/domain.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';
import type { Downlink } from '../media/AudienceRouter.ts';
import type { Uplink } from '../media/FloodGuard.ts';

/** Told what rooms see, so that it can be counted: rooms know no metrics, and whoever counts learns of no person. */
export interface RoomObserver {
  handleReaction(kind: ReactionKind): void;
  /** A connection was asked to start media anew, or for the first time. */
  handleMediaRestart(): void;
  /** How a connection does, in its own words. */
  handleReport(report: QualityReport): void;
  /** What came from one speaker since the last look, about a second ago. */
  handleUplink(uplink: Uplink): void;
  /** What left one worker for the listeners of one room since the last look, about a second ago. */
  handleDownlink(downlink: Downlink): void;
}
