import { describe, expect, it } from 'vitest';
import { parseCommandLine, UsageError } from './options.ts';

describe('parseCommandLine', () => {
  it('has a default for everything', () => {
    expect(parseCommandLine([])).toEqual({
      options: {
        url: 'http://localhost:3000',
        listeners: 50,
        speakers: 1,
        rate: 20,
        durationS: 10,
        ownHost: false,
      },
      jsonFile: null,
    });
  });

  it('takes what is given', () => {
    const args =
      '--url https://radio.example/r/abc --listeners 200 --speakers 2 --rate 0.5 --duration 1.5 --json out.json';
    expect(parseCommandLine([...args.split(' '), '--i-own-this-host'])).toEqual({
      options: {
        url: 'https://radio.example',
        listeners: 200,
        speakers: 2,
        rate: 0.5,
        durationS: 1.5,
        ownHost: true,
      },
      jsonFile: 'out.json',
    });
  });

  it('is null when help is asked for, whatever else is said', () => {
    expect(parseCommandLine(['--listeners', 'many', '--help'])).toBeNull();
  });

  it.each([
    ['--listeners 0', '--listeners has to be a whole number from 1 to 5000'],
    ['--listeners 1.5', '--listeners has to be a whole number'],
    ['--listeners 0x10', '--listeners has to be a whole number'],
    ['--listeners 5001', 'from 1 to 5000'],
    ['--speakers 51', '--speakers has to be a whole number from 1 to 50'],
    ['--rate 0', '--rate has to be a number above 0'],
    ['--duration soon', '--duration has to be a number above 0'],
    ['--url ftp://localhost', '--url has to be an http or https URL'],
    ['--url localhost:3000', '--url has to be an http or https URL'],
    ['--listners 5', '--listners'],
    ['5', '5'],
  ])('explains what is wrong with %s', (args, message) => {
    const parse = () => parseCommandLine(args.split(' '));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });

  it('names every option at fault at once', () => {
    expect(() => parseCommandLine(['--rate', 'x', '--speakers', '0'])).toThrow(
      /--speakers.*\n.*--rate|--rate.*\n.*--speakers/,
    );
  });
});
