import { renderHook } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { useRoomClient } from './useRoomClient.ts';

it('outside of a room it says what is missing', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() => renderHook(() => useRoomClient())).toThrow('RoomClientContext');
});
