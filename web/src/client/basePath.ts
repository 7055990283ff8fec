const base = document.querySelector('base');

/** The path below which the page is, such as `/rooms`, as its <base> says; empty where the page has its origin for itself. */
export const basePath = base ? new URL(base.href).pathname.replace(/\/$/, '') : '';

/** What other people can open. @param path as the routes of the page have it, such as `/r/ID` */
export function linkTo(path: string): string {
  return window.location.origin + basePath + path;
}
