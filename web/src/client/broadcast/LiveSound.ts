/** What plays the sound of a room that comes over HTTP, in one audio element. The media time of that element is the clock of the mix. */
export interface LiveSound {
  /** Unix time in ms, by the clock of the mix, of what one hears at this moment; null before the first sound. */
  readonly positionMs: number | null;
  /** From here on, as soon as there is sound for it, where it can choose. */
  seek(positionMs: number): void;
  /** Goes beside the rate that keeps it near the live edge, which rests meanwhile; null gives the rate back. */
  setRate(rate: number | null): void;
  close(): void;
}

export interface LiveSoundOptions {
  /** `/live/:id/`, with its origin where that is another one. */
  readonly base: string;
  readonly element: HTMLAudioElement;
  /** Each answer of the server, with its headers. */
  readonly onResponse: (response: Response) => void;
  /** There is sound up to that Unix time in ms, by the clock of the mix. */
  readonly onSound: (endMs: number) => void;
}
