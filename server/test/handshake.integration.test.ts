import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

const NODE_ID = 'this-node';
const SECRET = 'a secret that only this test knows, long enough';

describe('the handshake', () => {
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create({ SECRET, NODE_ID });
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom());
  });
  afterAll(async () => server.close());

  /** The code with which a forged ticket is refused. */
  async function refusalOf(claims: object, options: jwt.SignOptions = {}, secret = SECRET): Promise<string> {
    const peer = await server.createPeer('mallory');
    const ticket = await peer.api.createTicket(roomId);
    const sub = peer.userId;
    const forged = jwt.sign(
      {
        name: 'mallory',
        room: roomId,
        role: 'host',
        node: NODE_ID,
        paced: false,
        jti: crypto.randomUUID(),
        sub,
        ...claims,
      },
      secret,
      {
        ...{ algorithm: 'HS256', issuer: 'tribune', audience: 'ticket', expiresIn: 60 },
        ...options,
      },
    );
    return peer.refusal(peer.connect({ ...ticket, ticket: forged }));
  }

  it('[HS1] a socket without a ticket is refused', async () => {
    const peer = await server.createPeer('mallory');
    const ticket = await peer.api.createTicket(roomId);
    expect(await peer.refusal(peer.connect(ticket, { ticket: undefined }))).toBe('INVALID_PAYLOAD');
    expect(await peer.refusal(peer.connect(ticket, { ticket: 'nonsense' }))).toBe('TICKET_INVALID');
  });

  it('[HS2] another version of the protocol is refused with who has to move', async () => {
    const peer = await server.createPeer('old');
    const ticket = await peer.api.createTicket(roomId);
    expect(await peer.refusal(peer.connect(ticket, { protocol: 0 }))).toBe('CLIENT_TOO_OLD');
    expect(await peer.refusal(peer.connect(ticket, { protocol: 99 }))).toBe('SERVER_TOO_OLD');
  });

  it('[HS3] a ticket that expired is refused as such', async () => {
    expect(await refusalOf({}, { expiresIn: -1 })).toBe('TICKET_EXPIRED');
  });

  it('[HS10] a ticket for another node is refused, so that a crowd cannot choose where to go', async () => {
    expect(await refusalOf({ node: 'another-node' })).toBe('TICKET_INVALID');
    expect(await refusalOf({ node: undefined })).toBe('TICKET_INVALID');
  });

  it('[HS4] a ticket of another algorithm, secret, audience or issuer is refused', async () => {
    expect(await refusalOf({}, { algorithm: 'none' }, '')).toBe('TICKET_INVALID');
    expect(await refusalOf({}, { algorithm: 'HS512' })).toBe('TICKET_INVALID');
    expect(await refusalOf({}, {}, 'another secret of sufficient length')).toBe('TICKET_INVALID');
    expect(await refusalOf({}, { audience: 'session' })).toBe('TICKET_INVALID');
    expect(await refusalOf({}, { issuer: 'someone' })).toBe('TICKET_INVALID');
  });

  it('[HS4] a session is not a ticket, and a ticket is not a session', async () => {
    const peer = await server.createPeer('mallory');
    const ticket = await peer.api.createTicket(roomId);
    expect(await peer.refusal(peer.connect({ ...ticket, ticket: peer.token }))).toBe('TICKET_INVALID');
    const response = await fetch(`${server.origin}/api/rooms/${roomId}/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ticket.ticket}` },
    });
    expect(response.status).toBe(401);
  });

  it('[HS5] the role in a ticket gives no right: the role in the store decides', async () => {
    const peer = await server.createPeer('mallory');
    const ticket = await peer.api.createTicket(roomId);
    const claims = {
      name: 'mallory',
      room: roomId,
      role: 'host',
      node: NODE_ID,
      paced: false,
      jti: crypto.randomUUID(),
    };
    const options = { issuer: 'tribune', audience: 'ticket', subject: peer.userId, expiresIn: 60 } as const;
    const welcome = await peer.connect({ ...ticket, ticket: jwt.sign(claims, SECRET, options) });
    expect(welcome.snapshot.self.role).toBe('listener');
    expect(await peer.refusal(peer.request('room:goLive'))).toBe('NOT_ALLOWED');
    peer.leave();
  });

  it('[HS6] a ticket is good for one connection', async () => {
    const peer = await server.createPeer('twice');
    const ticket = await peer.api.createTicket(roomId);
    await peer.connect(ticket);
    const thief = await server.createPeer('thief');
    expect(await thief.refusal(thief.connect(ticket))).toBe('TICKET_USED');
    peer.leave();
  });

  it('[HS7] a ticket from before a ban is refused after it, and no new one is given', async () => {
    const [peer] = await server.joinAll(roomId, 'loud');
    const ticket = await peer!.api.createTicket(roomId);
    await host.request('peer:ban', { userId: peer!.userId });
    await peer!.told('closed', ({ reason }) => reason === 'banned');
    expect(await peer!.refusal(peer!.connect(ticket))).toBe('BANNED');
    expect(await peer!.refusal(peer!.api.createTicket(roomId))).toBe('BANNED');
  });

  it('[HS8] a ticket opens the room that it names, and no unknown one', async () => {
    const { room: other, host: otherHost } = await server.createRoom();
    expect(await refusalOf({ room: 'no-such-room-at-all' })).toBe('ROOM_NOT_FOUND');
    const peer = await server.createPeer('wanderer');
    const welcome = await peer.connect(await peer.api.createTicket(other.id));
    expect(welcome.snapshot.room.id).toBe(other.id);
    await otherHost.request('room:end');
    expect(await refusalOf({ room: other.id })).toBe('ROOM_ENDED');
  });

  it('[HS9] a room that is full says so before a ticket is given', async () => {
    const small = await TestServer.create({ ROOM_CAPACITY: '2' });
    try {
      const { room } = await small.createRoom();
      await small.joinAll(room.id, 'one');
      const late = await small.createPeer('late');
      expect(await late.refusal(late.api.createTicket(room.id))).toBe('ROOM_FULL');
    } finally {
      await small.close();
    }
  });
});
