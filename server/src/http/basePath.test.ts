import { describe, expect, it } from 'vitest';
import { withoutBasePath } from './basePath.ts';

describe('a request to a server below a path', () => {
  it.each([
    ['/rooms', '/'],
    ['/rooms/', '/'],
    ['/rooms?x=1', '/?x=1'],
    ['/rooms/r/ID/replay?a=/rooms/', '/r/ID/replay?a=/rooms/'],
    ['//rooms//api/rooms', '/api/rooms'],
    ['/rooms//evil.example', '/evil.example'],
    ['/%72ooms/r/ID', '/r/ID'],
  ])('%s is %s', (url, path) => {
    expect(withoutBasePath(url, '/rooms')).toBe(path);
  });

  it.each(['/', '/api/rooms', '/socket.io/?EIO=4', '/roomsmith/', '/ROOMS/', '/x/rooms/', '/%', '*'])(
    '%s is left as it is, as from a proxy that has taken the path off',
    (url) => {
      expect(withoutBasePath(url, '/rooms')).toBe(url);
    },
  );

  it.each(['/s%C3%A4le/live/r/ID', '/s%c3%a4le/live/r/ID', '/sa%CC%88le/live/r/ID', '/s\u00E4le/live/r/ID'])(
    '%s is below a path with letters beyond ASCII, in whichever way they are written',
    (url) => {
      expect(withoutBasePath(url, '/s%C3%A4le/live')).toBe('/r/ID');
    },
  );
});
