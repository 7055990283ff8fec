import { describe, expect, it } from 'vitest';
import { Audience } from './Audience.ts';

function person(index: number) {
  return { userId: `user-${index}`, name: `Person ${index}` };
}

describe('the audience', () => {
  it('is counted once per person, whatever happens twice', () => {
    const audience = new Audience();
    audience.add(person(1));
    audience.add(person(1));
    audience.delete('user-1');
    audience.delete('user-1');
    expect(audience.count).toBe(0);
  });

  it('shows a steady sample of twelve faces, refilled as people leave', () => {
    const audience = new Audience();
    for (let i = 0; i < 100; i++) audience.add(person(i));
    const { faces } = audience;
    expect(faces).toHaveLength(12);
    audience.delete('user-99');
    expect(audience.faces).toBe(faces);
    audience.delete('user-3');
    expect(audience.faces).toHaveLength(12);
    expect(audience.faces).not.toContainEqual(person(3));
  });

  it('is searched by any part of a name, without regard to case and accents', () => {
    const audience = new Audience();
    for (const name of ['Zoé', 'ZOEY', 'Max']) audience.add({ userId: name, name });
    expect(audience.search('zoe').people.map(({ name }) => name)).toEqual(['Zoé', 'ZOEY']);
    expect(audience.search('').total).toBe(3);
  });
});
