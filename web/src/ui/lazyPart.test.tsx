import { act, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderPage } from '../../dev/renderRoom.tsx';
import { loadChunk } from '../client/loadChunk.ts';
import { NotifyContext, type Notify } from '../hooks/useNotify.ts';
import { lazyPart } from './lazyPart.tsx';

const chunkMissing = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a part of the page that is fetched when it is wanted', () => {
  it('takes nothing else down when it cannot be fetched, says so, and is there once it can', async () => {
    const load = vi.fn<() => Promise<() => string>>(() => Promise.resolve(() => 'the part'));
    load.mockImplementationOnce(chunkMissing).mockImplementationOnce(chunkMissing);
    const Part = lazyPart(load);
    const notify = vi.fn<Notify>();
    renderPage(
      <NotifyContext value={notify}>
        <p>the room</p>
        <Part fallback={<p>the fallback</p>} />
      </NotifyContext>,
    );
    await act(() => vi.advanceTimersByTimeAsync(100));
    expect(screen.getByText('the room')).toBeTruthy();
    expect(screen.getByText('the fallback')).toBeTruthy();
    expect(notify).toHaveBeenCalledWith(
      expect.objectContaining({ text: 'A part of this page could not be fetched yet.' }),
    );
    await act(() => vi.advanceTimersByTimeAsync(3000));
    expect(screen.getByText('the part')).toBeTruthy();
  });

  it('is fetched at once when the network is back', async () => {
    const load = vi.fn<() => Promise<() => string>>(() => Promise.resolve(() => 'the part'));
    for (let failures = 0; failures < 4; failures++) load.mockImplementationOnce(chunkMissing);
    const Part = lazyPart(load);
    renderPage(<Part />);
    await act(() => vi.advanceTimersByTimeAsync(8000));
    expect(load).toHaveBeenCalledTimes(4);
    await act(async () => void window.dispatchEvent(new Event('online')));
    expect(screen.getByText('the part')).toBeTruthy();
  });

  it('is not fetched any more once nobody wants it', async () => {
    const load = vi.fn<() => Promise<() => string>>(chunkMissing);
    const Part = lazyPart(load);
    const { unmount } = renderPage(<Part />);
    await act(() => vi.advanceTimersByTimeAsync(100));
    unmount();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('gives up after its attempts, where somebody can say what it means', async () => {
    const load = vi.fn<() => Promise<never>>(chunkMissing);
    const failed = loadChunk(load, { attempts: 3 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await failed).toBeInstanceOf(TypeError);
    expect(load).toHaveBeenCalledTimes(3);
  });
});
