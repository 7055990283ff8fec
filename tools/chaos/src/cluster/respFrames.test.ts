import { describe, expect, it } from 'vitest';
import { RespFrames } from './respFrames.ts';

const message = '*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$5\r\na\r\nbc\r\n';
const replies = [
  '+OK\r\n',
  ':12\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '$5\r\nhello\r\n',
  '*2\r\n*1\r\n:1\r\n$0\r\n\r\n',
  '%1\r\n+a\r\n:1\r\n',
];

describe('the messages of a Redis server', () => {
  it.each([1, 3, 1000])('are found when their bytes come %d at a time', (size) => {
    const bytes = Buffer.from([...replies, message, ...replies].join(''));
    const frames = new RespFrames();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      found.push(...frames.push(bytes.subarray(at, at + size)).map((frame) => frame.bytes.toString()));
    expect(found).toEqual([...replies, message, ...replies]);
  });

  it.each([
    [message, true],
    [message.replace('*3', '>3'), true],
    [message.replace('$7\r\nmessage', '$8\r\nsmessage'), true],
    ['*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$1\r\nb\r\n', true],
    ['*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n', false],
    ['$7\r\nmessage\r\n', false],
  ])('%j is published by another client: %s', (text, isPublished) => {
    expect(new RespFrames().push(Buffer.from(text)).map((frame) => frame.isPublished)).toEqual([isPublished]);
  });
});
