/**
 * Stands in the page for what libraries bring along and a room never uses: long polling, WebTransport, fake media for tests, video, and
 * debug output. Each name is one that a library imports; vite.config.ts says from where.
 */
export default function createDebug(): { (): void; enabled: boolean } {
  return Object.assign(() => undefined, { enabled: false });
}

class Unused {}

export { Unused as FakeHandler, Unused as FakeMediaStreamTrack, Unused as WT, Unused as XHR };
