import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { producerCreate, roomRequest, sessionRequest, transportConnect } from './schemas.ts';

describe('what clients send', () => {
  it('[AB9] a name is folded to one line without control characters', () => {
    expect(sessionRequest.parse({ name: ' Zoé\n\u202Ede \u0007 Brest ' })).toEqual({ name: 'Zoé de Brest' });
  });

  it('[AB9] no name survives with a control character, surrounding space, or more than its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const parsed = sessionRequest.safeParse({ name });
        if (!parsed.success) return;
        expect(parsed.data.name).toBe(parsed.data.name.trim());
        expect(parsed.data.name).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(parsed.data.name.length).toBeLessThanOrEqual(40);
      }),
    );
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
    });
    expect(roomRequest.safeParse({ title: 'x', phase: 'live' }).success).toBe(false);
    expect(roomRequest.safeParse({ title: 'x', speakerLimit: 2.5 }).success).toBe(false);
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
