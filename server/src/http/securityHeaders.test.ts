import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { securityHeaders } from './securityHeaders.ts';

type Config = Parameters<typeof securityHeaders>[0]['config'];
type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

async function serve(config: Config, nodeUrls: () => string[]): Promise<{ url: string; close(): void }> {
  const say = securityHeaders({ config, nodeUrls }) as unknown as Handler;
  const server = createServer((req, res) => say(req, res, () => res.end())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function directivesOf(config: Config, nodes: string[] = []): Promise<Map<string, string[]>> {
  const server = await serve(config, () => nodes);
  const answer = await fetch(server.url);
  server.close();
  expect(answer.headers.get('x-frame-options')).toBeNull();
  const directives = answer.headers.get('content-security-policy')!.split(';');
  return new Map(directives.map((text) => [text.split(' ')[0]!, text.split(' ').slice(1)]));
}

describe('the policy of the page', () => {
  it('lets it connect to its own origin and nothing else where that is all there is', async () => {
    const directives = await directivesOf({});
    expect(directives.get('connect-src')).toEqual(["'self'"]);
    expect(directives.get('media-src')).toEqual(["'self'", 'blob:', 'mediastream:']);
    expect(directives.get('frame-ancestors')).toEqual(["'self'"]);
  });

  it('lets it connect to a node that has another origin than the page', async () => {
    const url = 'https://n1.example.org';
    const directives = await directivesOf({ PUBLIC_URL: url }, [url]);
    expect(directives.get('connect-src')).toEqual(["'self'", url, 'wss://n1.example.org']);
  });

  it('lets it connect to the nodes that are named, and to no other, whoever is there', async () => {
    const config = { PUBLIC_URL: 'https://n1.example.org', NODE_ORIGINS: ['https://*.example.org'] };
    const directives = await directivesOf(config, ['https://n1.example.org', 'https://n2.elsewhere.org']);
    expect(directives.get('connect-src')).toEqual(["'self'", 'https://*.example.org', 'wss://*.example.org']);
  });

  it('lets it open sockets to a node that has yet to come where none are named and others are there', async () => {
    const nodes = ['https://n1.example.org', 'https://n2.example.org'];
    const directives = await directivesOf({ PUBLIC_URL: nodes[0] }, nodes);
    expect(directives.get('connect-src')).toEqual(["'self'", ...nodes, 'ws:', 'wss:']);
  });

  it('lets other sites show rooms in a frame where they are named', async () => {
    const directives = await directivesOf({ EMBED_ORIGINS: ['https://www.example.org'] });
    expect(directives.get('frame-ancestors')).toEqual(["'self'", 'https://www.example.org']);
  });

  it('is the same for each request, beside the same other headers, and follows the nodes', async () => {
    let nodes = ['https://n1.example.org'];
    const server = await serve({ PUBLIC_URL: nodes[0] }, () => nodes);
    const ask = async () => {
      const { headers } = await fetch(server.url);
      const { date: _, ...others } = Object.fromEntries(headers);
      return others;
    };
    const first = await ask();
    expect(first['x-content-type-options']).toBe('nosniff');
    expect(await ask()).toEqual(first);
    nodes = [...nodes, 'https://n2.example.org'];
    const second = await ask();
    expect(second['content-security-policy']).toContain('https://n2.example.org');
    expect(await ask()).toEqual(second);
    server.close();
  });
});
