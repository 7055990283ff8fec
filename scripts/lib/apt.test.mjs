import { expect, test } from 'vitest';
import { asDebSrc } from './apt.mjs';

test('repositories of packages become repositories of sources, in lines and in fields', () => {
  const lines =
    '# deb is a comment\ndeb [signed-by=/k.gpg] http://mirror.test/debian stable main\ndeb-src http://mirror.test/debian stable main\n';
  expect(asDebSrc(lines)).toBe(
    '# deb is a comment\ndeb-src [signed-by=/k.gpg] http://mirror.test/debian stable main\n\n',
  );
  const fields = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: stable\n';
  expect(asDebSrc(fields)).toBe('Types: deb-src\nURIs: http://mirror.test/debian\nSuites: stable\n');
});
