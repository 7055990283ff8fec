/** Where Socket.IO of a server is, as its client takes it. @param url of the server: an origin, and the path below which the server is, if any */
export function socketAddress(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname } = new URL(url);
  return { origin, path: `${pathname.replace(/\/$/, '')}/socket.io/` };
}
