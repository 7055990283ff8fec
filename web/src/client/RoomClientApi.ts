import type { ReactionKind } from '@tribune/shared/domain.ts';
import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { ConnectionFigures, ConnectionState, MicrophoneOptions, Notice, RoomView } from '../state/types.ts';

/** Everything that a page needs of a room; `RoomClient` is the real one, tests and stories pass their own. */
export interface RoomClientApi {
  /** For `useSyncExternalStore`. The view is null until the first welcome, and stays the last one known afterwards. */
  subscribe(listener: () => void): () => void;
  getView(): RoomView | null;
  /** Known before the first welcome too. */
  getConnection(): ConnectionState;

  join(): Promise<void>;
  leave(): void;

  /**
   * Asks the server for something, such as `hand:raise`. Rejects with a `SignalingError` whose code has a text in all languages of
   * the page.
   */
  readonly request: SignalingClient['request'];

  /** Inside a click: lets the one audio element play. */
  startPlayback(): Promise<void>;
  /** As a media key does; `startPlayback()` plays again. */
  pausePlayback(): void;
  /** Where the browser can choose. @param deviceId null is the system's own. */
  setOutput(deviceId: string | null): void;
  /** 0 to 1, of everything heard. */
  setVolume(volume: number): void;

  /** Asks for the microphone, to check it: the level meter moves, nothing is sent. */
  checkMicrophone(options?: Partial<MicrophoneOptions>): Promise<void>;
  /** Sends the checked microphone to the room, unmuted. */
  publishMicrophone(): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  /** Gives the microphone back to the browser, whatever it was doing; for a check that is called off. */
  releaseMicrophone(): void;
  /** Input devices, with labels once the microphone was allowed. */
  listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]>;
  /** The level of one's own microphone, 0 to 1, at most 20 times a second while it is captured. */
  subscribeLevel(listener: (level: number) => void): () => void;

  /** Is this person heard right now? Own subscription per tile, so that speaking never renders the list. */
  subscribeSpeaking(userId: string, listener: () => void): () => void;
  isSpeaking(userId: string): boolean;

  /** Shows the reaction here at once, and sends it to everyone. */
  react(kind: ReactionKind): Promise<void>;
  /** Those of others, pulse by pulse, and one's own as soon as they are sent. */
  onReactions(listener: (counts: Partial<Record<ReactionKind, number>>) => void): () => void;
  onNotice(listener: (notice: Notice) => void): () => void;
  getFigures(): Promise<ConnectionFigures>;
}
