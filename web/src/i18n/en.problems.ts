import type { ProblemTexts } from './problems.ts';

/** What went wrong, and what to do next: never one without the other. */
export const problems: ProblemTexts = {
  // Who you are
  UNAUTHENTICATED: {
    title: 'We no longer know you',
    next: 'Your visit has expired. Enter your name again to come in.',
  },
  TICKET_INVALID: { title: 'Your ticket was not accepted', next: 'Come back in to get a fresh one.' },
  TICKET_EXPIRED: {
    title: 'Your ticket has expired',
    next: 'It was only good for a moment. Come back in to get a fresh one.',
  },
  TICKET_USED: { title: 'This ticket was already used', next: 'Come back in to get a fresh one.' },
  CLIENT_TOO_OLD: { title: 'This page is out of date', next: 'Reload it to get the current version.' },
  SERVER_TOO_OLD: { title: 'The server is being updated', next: 'Wait a minute, then come back in.' },
  // The room
  ROOM_NOT_FOUND: { title: 'There is no room here', next: 'Check the link, or ask whoever sent it for a new one.' },
  ROOM_ENDED: { title: 'This room has ended', next: 'See which rooms are live now.' },
  ROOM_FULL: { title: 'The room is full', next: 'Every seat is taken right now. Try again in a minute.' },
  BANNED: { title: 'You cannot enter this room', next: 'A host has banned you from it. Other rooms are open to you.' },
  // What you asked
  INVALID_PAYLOAD: { title: 'That was not accepted', next: 'Check what you entered and try again.' },
  INVALID_STATE: {
    title: 'That is not possible right now',
    next: 'The room has just changed. Look again, then retry.',
  },
  NOT_ALLOWED: { title: 'You are not allowed to do that', next: 'Ask a host to do it for you.' },
  NOT_FOUND: { title: 'They are no longer here', next: 'They may have just left. Try again if they come back.' },
  STAGE_FULL: { title: 'The stage is full', next: 'Move someone to the audience first.' },
  STAGE_LOCKED: { title: 'The stage is locked', next: 'Wait until a host unlocks it.' },
  COHOSTS_FULL: { title: 'There are already two co-hosts', next: 'Remove one of them as co-host first.' },
  HANDS_FULL: { title: 'Too many hands are up', next: 'Try again when the line is shorter.' },
  RATE_LIMITED: { title: 'That was a little fast', next: 'Wait a few seconds, then try again.' },
  QUOTA_EXCEEDED: { title: 'You have reached a limit', next: 'Close what you no longer use, then try again.' },
  // The server
  SERVER_BUSY: {
    title: 'No room for another room right now',
    next: 'So many rooms are talking that one more would spoil the sound of all. Try again in a few minutes.',
  },
  UNAVAILABLE: { title: 'The server does not answer', next: 'Check your connection, then try again.' },
  INTERNAL: { title: 'Something broke on the server', next: 'It has been recorded. Try again in a moment.' },
  // Why one is outside
  replaced: {
    title: 'You are listening in another tab',
    next: 'The newest tab has taken over. You can continue here instead.',
  },
  removed: { title: 'A host removed you from the room', next: 'You may come back in; please respect the house rules.' },
  banned: { title: 'You were banned from this room', next: 'You cannot come back to it. Other rooms are open to you.' },
  ended: { title: 'This room has ended', next: 'See which rooms are live now.' },
  restarting: { title: 'The server is restarting', next: 'It takes a few seconds. Come back in shortly.' },
  moved: { title: 'The room is moving to another server', next: 'Come back in to follow it.' },
  abuse: { title: 'This page sent too many requests', next: 'Reload the page to come back.' },
  left: { title: 'You left the room', next: 'The conversation goes on. You can come back at any time.' },
  offline: { title: 'You are offline', next: 'Check Wi-Fi or mobile data, then try again.' },
  socketBlocked: {
    title: 'Your network blocks live connections',
    next: 'The server answers, but a WebSocket to it does not get through. Try another network, such as mobile data, turn off a VPN or proxy, or ask whoever runs the network to allow WebSockets to this site.',
  },
  unsupported: {
    title: 'This browser cannot play live sound',
    next: 'It has no WebRTC, or WebRTC is turned off in its settings. Open the link in a current Firefox, Chrome, Edge or Safari.',
  },
  // The microphone
  micDenied: {
    title: 'The microphone is blocked',
    next: 'Click the icon left of the address, allow the microphone for this site, then try again.',
  },
  micMissing: { title: 'No microphone found', next: 'Plug one in or connect your headset, then try again.' },
  micBusy: { title: 'Another app is using the microphone', next: 'Close calls and recorders, then try again.' },
  micInsecure: {
    title: 'This page is not secure',
    next: 'Browsers only share a microphone over https. Open this page with an https:// address.',
  },
  micUnloaded: {
    title: 'A part of this page is missing',
    next: 'Check your connection and try again. If the page was updated meanwhile, reload it.',
  },
  micFailed: { title: 'The microphone did not start', next: 'Choose another one, or unplug it and plug it back in.' },
};
