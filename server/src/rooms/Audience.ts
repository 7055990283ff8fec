import { LIMITS, type Person } from '@tribune/shared/domain.ts';
import type { AudienceList } from '@tribune/shared/protocol.ts';

/** The people who are here and not on stage: a count, a sample of faces, and a list to search for those who moderate. */
export class Audience {
  readonly #people = new Map<string, Person>();
  #faces: readonly Person[] = [];

  get count(): number {
    return this.#people.size;
  }

  /** Few, and steady: the newest come in as others leave. */
  get faces(): readonly Person[] {
    return this.#faces;
  }

  add(person: Person): void {
    const known = this.#people.get(person.userId);
    this.#people.set(person.userId, person);
    if (known?.name === person.name) return;
    const others = this.#faces.filter(({ userId }) => userId !== person.userId);
    if (known || this.#faces.length < LIMITS.faces) this.#faces = [...others, person].slice(0, LIMITS.faces);
  }

  delete(userId: string): void {
    if (!this.#people.delete(userId) || !this.#faces.some((face) => face.userId === userId)) return;
    this.#faces = [...this.#people.values()].slice(0, LIMITS.faces);
  }

  /** Those whose name contains the query, whatever its case and accents. */
  search(query: string): AudienceList {
    const wanted = fold(query);
    const matching = [...this.#people.values()].filter(({ name }) => fold(name).includes(wanted));
    return { people: matching.slice(0, LIMITS.audiencePage), total: this.#people.size };
  }
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}
