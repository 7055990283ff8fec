import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { duration, listOf, matching, number, oneOf, positive, text, whole } from './parsers.ts';

describe('the values of options', () => {
  it.each(['1', '9'])('a whole number can be either end of its range: %s', (given) => {
    expect(whole(1, 9)(given)).toBe(Number(given));
  });

  it.each(['0', '10', '1.5', '0x5', '1e0', '', ' ', 'four'])('a whole number from 1 to 9 is never “%s”', (given) => {
    expect(() => whole(1, 9)(given)).toThrow('has to be a whole number from 1 to 9');
  });

  it('a number can have decimals and be below 0', () => {
    expect(number(-5, 5)('-1.5')).toBe(-1.5);
    expect(() => number(-5, 5)('5.1')).toThrow('has to be a number from -5 to 5');
  });

  it('a positive number is above 0', () => {
    expect(positive(3)('0.1')).toBe(0.1);
    expect(() => positive(3)('0')).toThrow('has to be a number above 0, at most 3');
  });

  it.each([
    ['90', 90],
    ['90s', 90],
    ['1.5m', 90],
    ['2h', 7200],
    ['500ms', 0.5],
  ])('a duration of “%s” is %d s', (given, expected) => {
    expect(duration(7200)(given)).toBe(expected);
  });

  it.each(['0', '-1s', '2 h', '3d', '', '2.1h'])('a duration is never “%s”', (given) => {
    expect(() => duration(7200)(given)).toThrow('has to be a duration');
  });

  it('a choice is one of those that there are', () => {
    expect(oneOf(['mix', 'direct'])('mix')).toBe('mix');
    expect(() => oneOf(['mix', 'direct'])('mesh')).toThrow('has to be one of mix, direct');
  });

  it('a list has its choices in their own order, each of them once', () => {
    expect(listOf(['floor', 'sfu', 'joins'])('joins, floor,joins')).toEqual(['floor', 'joins']);
    expect(() => listOf(['floor', 'sfu'])('sfu,cpu,gpu')).toThrow('has no cpu, gpu: it takes floor, sfu');
  });

  it('a text has as many characters as it needs', () => {
    expect(text()('report.json')).toBe('report.json');
    expect(() => text()('')).toThrow('has to have a value');
    expect(() => text(8)('short')).toThrow('has to have 8 characters or more');
  });

  it('a zod schema reads a value and says what is wrong with it', () => {
    const origin = matching(z.url('has to be a URL').transform((url) => new URL(url).origin));
    expect(origin('http://localhost:3000/rooms')).toBe('http://localhost:3000');
    expect(() => origin('localhost')).toThrow('has to be a URL');
  });
});
