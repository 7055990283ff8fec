import type {
  Person,
  Phase,
  RecordingPolicy,
  Role,
  RoomInfo,
  RoomSound,
  SelfState,
  StageMember,
} from '@tribune/shared/domain.ts';
import type { MicrophoneOptions, MicrophoneState, Plane, PlaybackState, Quality } from '../state/types.ts';
import { useRoomState } from './useRoomState.ts';

/** One hook per fact of the room. */

export const useRoomInfo = (): RoomInfo => useRoomState(({ room }) => room);
export const usePhase = (): Phase => useRoomState(({ state }) => state.phase);
export const useIsRecording = (): boolean => useRoomState(({ state }) => state.recording);
export const useRecordingPolicy = (): RecordingPolicy => useRoomState(({ state }) => state.recordingPolicy);
export const useIsLocked = (): boolean => useRoomState(({ state }) => state.locked);
export const useSound = (): RoomSound => useRoomState(({ state }) => state.sound);
export const useSpeakerLimit = (): number => useRoomState(({ state }) => state.speakerLimit);
export const useStage = (): readonly StageMember[] => useRoomState(({ state }) => state.stage);
export const useHandCount = (): number => useRoomState(({ state }) => state.handCount);
export const useSelf = (): SelfState => useRoomState(({ self }) => self);
export const useRole = (): Role => useRoomState(({ self }) => self.role);
export const useListenerCount = (): number => useRoomState(({ listeners }) => listeners);
export const useFaces = (): readonly Person[] => useRoomState(({ faces }) => faces);
export const useEndsInS = (): number | null => useRoomState(({ endsInS }) => endsInS);
export const useHands = (): readonly Person[] => useRoomState(({ hands }) => hands);
export const useMicrophoneState = (): MicrophoneState => useRoomState(({ microphone }) => microphone);
export const useMicrophoneOptions = (): MicrophoneOptions => useRoomState(({ microphoneOptions }) => microphoneOptions);
export const usePlayback = (): PlaybackState => useRoomState(({ playback }) => playback);
export const useQuality = (): Quality => useRoomState(({ quality }) => quality);
export const usePlane = (): Plane => useRoomState(({ plane }) => plane);

/** How the server has oneself on stage; undefined in the audience. */
export const useOwnMember = (): StageMember | undefined =>
  useRoomState(({ state, self }) => state.stage.find(({ userId }) => userId === self.userId));
