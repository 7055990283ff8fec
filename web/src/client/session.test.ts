import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadMicrophoneOptions, saveMicrophoneOptions } from './microphone/devices.ts';
import { loadSession, saveSession } from './session.ts';

const session = { token: 'token', user: { userId: 'user-1', name: 'Ann' } };

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe('session', () => {
  it('is there on the next visit, until it is forgotten', () => {
    expect(loadSession()).toBeNull();
    saveSession(session);
    expect(loadSession()).toEqual(session);
    saveSession(null);
    expect(loadSession()).toBeNull();
  });

  it('does not believe what is not a session', () => {
    for (const text of ['', '{', 'null', '{}', '{"token":1}', '{"token":"x","user":{}}']) {
      localStorage.setItem('tribune.session', text);
      expect(loadSession()).toBeNull();
    }
  });

  it('survives a browser that blocks storage', () => {
    const blocked = () => {
      throw new DOMException('', 'SecurityError');
    };
    vi.stubGlobal('localStorage', { getItem: blocked, setItem: blocked, removeItem: blocked, clear() {} });
    expect(() => saveSession(session)).not.toThrow();
    expect(loadSession()).toBeNull();
    expect(loadMicrophoneOptions().echoCancellation).toBe(true);
  });
});

describe('microphone options', () => {
  it('are all on by default, and kept once chosen', () => {
    const chosen = { deviceId: 'usb', echoCancellation: true, noiseSuppression: false, autoGainControl: true };
    expect(loadMicrophoneOptions()).toEqual({ ...chosen, deviceId: null, noiseSuppression: true });
    saveMicrophoneOptions(chosen);
    expect(loadMicrophoneOptions()).toEqual(chosen);
  });
});
