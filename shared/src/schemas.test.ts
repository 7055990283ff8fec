import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chapterRequest,
  clipRequest,
  cutRequest,
  producerCreate,
  roomRequest,
  sessionRequest,
  transportConnect,
} from './schemas.ts';

describe('what clients send', () => {
  it('[AB9] a name is folded to one line without control characters', () => {
    expect(sessionRequest.parse({ name: ' Zoé\n\u202Ede \u0007 Brest ' })).toEqual({ name: 'Zoé de Brest' });
  });

  it('[AB9] no name survives with a control character, a bidi override, surrounding space, or more than its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const parsed = sessionRequest.safeParse({ name });
        if (!parsed.success) return;
        expect(parsed.data.name).toBe(parsed.data.name.trim());
        expect(parsed.data.name).not.toMatch(/[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/u);
        expect(parsed.data.name.isWellFormed()).toBe(true);
        expect(parsed.data.name.length).toBeLessThanOrEqual(40);
      }),
    );
  });

  it.each([
    ['an emoji that is joined', 'Eva 👩‍🚀'],
    ['a family', 'Team 👨‍👩‍👧'],
    ['a heart on fire, a runner with a skin and a sex', '❤️‍🔥 🏃🏽‍♀️'],
    ['flags, of a state, of a part of one, of pirates and a rainbow', '🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴‍☠️ 🏳️‍🌈'],
    ['keycaps', 'Room 1️⃣'],
    ['Persian with non-joiners', 'می‌خواهم'],
    ['Sinhala', 'ශ්‍රී ලංකා'],
    ['Hindi with a joiner', 'क्‍ष'],
    ['Malayalam that ends with a joiner', 'ഹരിന്‍'],
    ['Thai', 'สวัสดีครับ'],
    ['Hebrew and Arabic', 'שלום مرحبا'],
    ['Japanese with a variation', '葛󠄀城'],
    ['Vietnamese', 'Nguyễn Thị Ánh'],
  ])('[AB9] %s is kept as it was typed', (_what, name) => {
    expect(sessionRequest.parse({ name })).toEqual({ name });
  });

  it.each([
    ['overrides and isolates of direction', 'Ada\u202Eecivres\u2066x', 'Adaecivresx'],
    ['a soft hyphen', 'Jean\u00ADPaul', 'JeanPaul'],
    ['joiners that join nothing, or make one name look like another', '\u200DA\u200Dda\u200C \u200D', 'Ada'],
    ['characters without width', 'A\u200Bd\uFEFFa\u3164\u2800', 'Ada'],
    ['tags without a flag', 'Ada\u{E0067}\u{E007F}', 'Ada'],
    ['half a character', 'Ada \uD83D', 'Ada'],
    ['more marks than any script has', `A${'\u0335'.repeat(30)}da`, `A${'\u0335'.repeat(4)}da`],
  ])('[AB9] %s are left out', (_what, name, kept) => {
    expect(sessionRequest.parse({ name })).toEqual({ name: kept });
    expect(roomRequest.parse({ title: name, description: name })).toMatchObject({ title: kept, description: kept });
  });

  it.each([
    '',
    ' ',
    '\u200B\u200D',
    '\u3164\u3164',
    '\u2800',
    '\u115F\u1160',
    '\uFFA0',
    '\u0301',
    '\uFE0F',
    '\uD83D',
    '\uE000',
  ])('[AB9] a name of which nothing can be seen is refused (%j)', (name) => {
    expect(sessionRequest.safeParse({ name }).success).toBe(false);
    expect(roomRequest.safeParse({ title: name }).success).toBe(false);
  });

  it('[AB9] parameters of WebRTC with half a character in them are refused', () => {
    const dtlsParameters = { role: 'x\uD83D' };
    expect(transportConnect.safeParse({ transportId: 't', dtlsParameters }).success).toBe(false);
    expect(transportConnect.safeParse({ transportId: 't', dtlsParameters: { '\uD83D': 1 } }).success).toBe(false);
  });

  it('a description keeps its lines', () => {
    const { description } = roomRequest.parse({ title: 'x', description: 'one\ntwo\tthree\u0000' });
    expect(description).toBe('one\ntwo three');
  });

  it('a room has defaults, and refuses what it does not know', () => {
    expect(roomRequest.parse({ title: 'x' })).toEqual({
      title: 'x',
      description: '',
      language: 'en',
      speakerLimit: 13,
      sound: 'speech',
      broadcast: false,
    });
    expect(roomRequest.safeParse({ title: 'x', sound: 'noise' }).success).toBe(false);
    expect(roomRequest.safeParse({ title: 'x', phase: 'live' }).success).toBe(false);
    expect(roomRequest.safeParse({ title: 'x', speakerLimit: 2.5 }).success).toBe(false);
  });

  it('times of a replay are whole milliseconds, however finely a player counts', () => {
    const range = { fromMs: 12_345.678, toMs: 23_456.2 };
    const whole = { fromMs: 12_346, toMs: 23_456 };
    expect(cutRequest.parse(range)).toEqual(whole);
    expect(clipRequest.parse({ title: 'x', ...range })).toEqual({ title: 'x', ...whole });
    expect(chapterRequest.parse({ title: 'x', atMs: 12_345.678, agoMs: 1000.4 })).toEqual({
      title: 'x',
      atMs: 12_346,
      agoMs: 1000,
    });
    expect(cutRequest.safeParse({ fromMs: 0.1, toMs: 0.2 }).success).toBe(false);
  });

  it('[AB1] parameters of WebRTC are bounded in depth, size and length', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : { child: nest(depth - 1) });
    const connect = (dtlsParameters: unknown) =>
      transportConnect.safeParse({ transportId: 't', dtlsParameters }).success;
    expect(connect(nest(8))).toBe(true);
    expect(connect(nest(12))).toBe(false);
    expect(connect({ fingerprints: Array.from({ length: 5000 }, () => 0) })).toBe(false);
    expect(connect({ role: 'x'.repeat(3000) })).toBe(false);
    expect(connect(['an array'])).toBe(false);
  });

  it('[AB2] a key that reaches for a prototype is refused at any depth', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.constantFrom('__proto__', 'constructor', 'prototype'), (depth, key) => {
        const json = '{"a":'.repeat(depth) + `{"${key}":{}}` + '}'.repeat(depth);
        const rtpParameters: unknown = JSON.parse(json);
        expect(producerCreate.safeParse({ transportId: 't', rtpParameters }).success).toBe(false);
      }),
    );
  });
});
