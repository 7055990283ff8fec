import { describe, expect, it } from 'vitest';
import { processingFor } from './devices.ts';

const ALL = { deviceId: null, echoCancellation: true, noiseSuppression: true, autoGainControl: true };

describe('what the browser does to a voice', () => {
  it('is what its owner has chosen, in a room for speech', () => {
    expect(processingFor('speech', { ...ALL, noiseSuppression: false })).toEqual({
      echoCancellation: true,
      noiseSuppression: false,
      autoGainControl: true,
    });
  });

  it('is nothing in a room for music, whatever its owner has chosen elsewhere', () => {
    const nothing = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    expect(processingFor('music', ALL)).toEqual(nothing);
  });
});
