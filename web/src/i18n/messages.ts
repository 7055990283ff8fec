import type { en } from './en.ts';

/** The shape of every language: that of English, and the plural forms that a language has beyond English ones. */
export type Messages = Localized<typeof en>;

type Localized<T> = { readonly [K in keyof T]: T[K] extends string ? string : Localized<T[K]> } & {
  readonly [K in keyof T as K extends `${infer Base}_other` ? `${Base}_many` : never]?: string;
};
