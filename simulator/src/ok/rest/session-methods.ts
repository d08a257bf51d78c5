import { APPLICATION_SENDER } from '../application.ts';
import { type OkResult, refuse, respond } from '../ok-errors.ts';
import { readUpdatesRequest } from '../updates.ts';
import type { RestMethod, RestMethods } from './rest-method.ts';

// [?] The answers of both auth methods are not documented.
const touchSession: RestMethod = {
  session: 'required',
  scope: null,
  run({ session, network }) {
    if (session !== null) network.sessions.touch(session);
    return respond({ success: true });
  },
};

const expireSession: RestMethod = {
  session: 'required',
  scope: null,
  run({ session, network }) {
    if (session !== null) network.sessions.expire(session);
    return respond({ success: true });
  },
};

/** Events of the application, for one without a webhook. [?] `updates` are the bodies of the webhook as texts (contracts/ok.md 3.1). */
const updates: RestMethod = {
  session: 'prohibited',
  scope: 'VALUABLE_ACCESS',
  async run({ given, network, gone }): Promise<OkResult> {
    const read = readUpdatesRequest(given, network.settings.values);
    if (!read.ok) return read;
    const polled = await network.updates.poll(APPLICATION_SENDER, read.request, gone);
    if (polled === null) return refuse('SYSTEM', 'The application has no queue');
    return respond({ marker: polled.marker, updates: polled.updates.map((update) => JSON.stringify(update)) });
  },
};

/** Sources: contracts/ok.md 2.2 and 3.1. */
export const SESSION_METHODS: RestMethods = {
  'auth.touchSession': touchSession,
  'auth.expireSession': expireSession,
  'events.updates': updates,
};
