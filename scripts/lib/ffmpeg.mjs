import { installPackages } from './apt.mjs';
import { which } from './run.mjs';

/**
 * Finds FFmpeg on this machine, or installs it: the tests play recordings with it, as a player that is not ours.
 *
 * @param {AbortSignal} [signal]
 * @throws when there is none and none can be installed
 */
export async function ensureFfmpeg(signal) {
  if (!which('ffmpeg')) await installPackages(['ffmpeg'], 'FFmpeg for the tests', signal);
}
