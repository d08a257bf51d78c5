import { fileURLToPath } from 'node:url';
import { createAccounts } from './accounts/accounts.ts';
import { createAudit } from './audit/audit.ts';
import { createBots, loadCodeBots, readBotFile } from './bots/bots.ts';
import { createBroadcasts } from './broadcasts/broadcasts.ts';
import { createCallbacks } from './callbacks/callbacks.ts';
import { createConnections } from './connections/connections.ts';
import { createContacts } from './contacts/contacts.ts';
import { DEMO_LOOPBACK_CIDRS, demoKeyAliases, demoLoginApplications, makeDemoWorld } from './demo/demo.ts';
import { createDesk } from './desk/desk.ts';
import { createDialogs } from './dialogs/dialogs.ts';
import { createDispatch } from './dispatch/dispatch.ts';
import { isProbe } from './doctor/doctor.ts';
import { createEvents } from './events/events.ts';
import { createFiles } from './files/files.ts';
import { createInbox, createRawEvents } from './inbox/inbox.ts';
import { createHealth, createIntake } from './intake/intake.ts';
import { createOAuth } from './oauth/oauth.ts';
import { createOperators, type LoginApplications } from './operators/operators.ts';
import { systemClock as clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { Database } from './platform/database.ts';
import { createHttpClient } from './platform/http-client.ts';
import type { Secrets } from './platform/secrets.ts';
import type { Logger } from './platform/telemetry.ts';
import { createPush, type MobileCredentials } from './push/push.ts';
import { createReplies } from './replies/replies.ts';
import { createSearch } from './search/search.ts';
import { createTemplates } from './templates/templates.ts';

/** What stands before the parts do. */
export interface Ground {
  database: Database;
  secrets: Secrets;
  log: Logger;
  /** Where networks, customers and browsers reach this server. */
  publicUrl: () => string;
  /** Only the demo's. */
  simulatorUrl: string | undefined;
  /** How the parts end, oldest first. */
  stops: (() => Promise<unknown>)[];
}

export type Parts = Awaited<ReturnType<typeof assemble>>;

const HOUR_MS = 3_600_000;
const DEMO_RULES = fileURLToPath(new URL('bots/demo-rules.yaml', import.meta.url));

/** Makes every part of the server and gives each what it needs of the others. Nothing of them runs yet. */
export async function assemble(config: Config, { database, secrets, log, publicUrl, simulatorUrl, stops }: Ground) {
  const isDemo = simulatorUrl !== undefined;
  const loopback = isDemo ? DEMO_LOOPBACK_CIDRS : [];

  const connections = createConnections({
    database,
    secrets,
    clock,
    publicUrl,
    sendTimeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
    allowShortIntakeTokens: isDemo,
  });
  stops.push(() => connections.close());
  const templates = createTemplates({ database, clock });
  const contacts = createContacts({ database, clock });
  const withoutKeys = createAccounts({ database, secrets, clock });
  const world =
    simulatorUrl === undefined
      ? null
      : await makeDemoWorld({ accounts: withoutKeys, connections, templates, contacts }, { simulatorUrl });
  const accounts =
    world === null ? withoutKeys : createAccounts({ database, secrets, clock, keyAliases: demoKeyAliases(world.accountId) });

  const httpClient = createHttpClient({
    allowCidrs: [...config.SOROKA_CALLBACK_ALLOW_CIDRS, ...loopback],
  });
  stops.push(() => httpClient.close());
  const callbacks = createCallbacks({
    ...{ database, accounts, httpClient, clock, log },
    timeoutMs: config.SOROKA_CALLBACK_TIMEOUT_MS,
    inFlightPerEndpointMax: config.SOROKA_CALLBACK_CALLS_PER_ENDPOINT,
    inFlightPerAccountMax: config.SOROKA_CALLBACK_CALLS_PER_ACCOUNT,
    inFlightMax: config.SOROKA_CALLBACK_CALLS,
    batchAbove: config.SOROKA_CALLBACK_BATCH_ABOVE === 'off' ? null : config.SOROKA_CALLBACK_BATCH_ABOVE,
    keepDeliveredDays: config.SOROKA_CALLBACK_LOG_DAYS,
  });
  const dispatch = createDispatch({
    database,
    clock,
    log,
    accounts,
    connections,
    templates,
    contacts,
    callbacks,
    sendTimeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
    laneLeaseMs: config.SOROKA_LANE_LEASE_MS,
    statusPollAfterMs: config.SOROKA_STATUS_POLL_AFTER_MS,
    onEvents: () => inbox.wake(),
  });
  const events = createEvents({ database, clock, log, keepDays: config.SOROKA_EVENT_LOG_DAYS });
  const dialogs = createDialogs({ database, events });
  const files = createFiles({ database, clock, log, bytesMax: config.SOROKA_FILE_BYTES_MAX });
  const audit = createAudit({ database, clock });
  const operators = createOperators({
    ...{ database, secrets, clock, log, audit },
    publicUrl,
    webSessionLife: { idleMs: config.SOROKA_SESSION_IDLE_HOURS * HOUR_MS, absoluteMs: config.SOROKA_SESSION_DAYS * 24 * HOUR_MS },
    loginApplications: simulatorUrl === undefined ? loginApplicationsOf(config) : demoLoginApplications(simulatorUrl),
    timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
  });
  const desk = createDesk({ database, dialogs, dispatch, events, operators, clock, log });
  const search = createSearch({ database, clock });
  const push = createPush({
    ...{ database, secrets, clock, log, httpClient },
    publicUrl,
    mobile: mobileCredentialsOf(config),
  });
  stops.push(() => push.stop());
  const replies = createReplies({ database, clock, log, dialogs, dispatch, files, connections, events, desk: desk.hearing });
  const rulesFile = config.SOROKA_BOT_RULES ?? (isDemo ? DEMO_RULES : undefined);
  const bots = createBots({
    ...{ database, dispatch, dialogs, connections, contacts, accounts, httpClient, clock, log },
    turns: desk.hearing,
    fileBot: rulesFile === undefined ? undefined : readBotFile(rulesFile, log),
    codeBots: await loadCodeBots(config.SOROKA_BOT_MODULES),
  });
  const broadcasts = createBroadcasts({
    ...{ database, clock, log, dispatch, connections, accounts, templates, contacts, files },
    publicUrl,
  });
  const rawEvents = createRawEvents({ database, clock });
  const inbox = createInbox({
    database,
    dispatch,
    dialogs,
    bots,
    desk: desk.hearing,
    callbacks,
    connections,
    contacts,
    broadcasts,
    push,
    files,
    httpClient,
    accounts,
    rawEvents,
    clock,
    log,
  });
  const health = createHealth({ database, clock, log });
  const intake = createIntake({
    rawEvents,
    connections,
    health,
    clock,
    log,
    okSourceCidrs: [...config.SOROKA_OK_SOURCE_CIDRS, ...loopback],
    trustedProxies: config.SOROKA_TRUSTED_PROXIES,
    isProbe: (headers) => isProbe(headers, { secrets, clock }),
  });

  const oauth = createOAuth({
    ...{ database, connections, secrets, clock, log },
    publicUrl,
    timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
  });

  return {
    ...{ dispatch, accounts, callbacks, connections, templates, dialogs, bots, desk, replies, search, push, files, contacts },
    ...{ broadcasts, rawEvents, inbox, events, operators, audit, health, intake, oauth, httpClient },
  };
}

function loginApplicationsOf(config: Config): LoginApplications {
  const { SOROKA_VK_ID_APPLICATION: applicationId, SOROKA_OK_LOGIN_APPLICATION: ok } = config;
  return {
    ...(applicationId === undefined ? {} : { vk: { applicationId, url: config.SOROKA_VK_ID_URL } }),
    ...(ok === undefined ? {} : { ok: { ...ok, url: config.SOROKA_OK_LOGIN_URL, apiUrl: config.SOROKA_OK_API_URL } }),
  };
}

function mobileCredentialsOf(config: Config): MobileCredentials {
  const { SOROKA_PUSH_RUSTORE: rustore, SOROKA_PUSH_FCM: fcm, SOROKA_PUSH_APNS: apns, SOROKA_PUSH_HMS: hms } = config;
  return {
    ...(rustore !== undefined && { rustore: { ...rustore, url: config.SOROKA_PUSH_RUSTORE_URL } }),
    ...(fcm !== undefined && { fcm: { ...fcm, url: config.SOROKA_PUSH_FCM_URL, tokenUrl: config.SOROKA_PUSH_FCM_TOKEN_URL } }),
    ...(apns !== undefined && { apns: { ...apns, url: config.SOROKA_PUSH_APNS_URL } }),
    ...(hms !== undefined && { hms: { ...hms, url: config.SOROKA_PUSH_HMS_URL, tokenUrl: config.SOROKA_PUSH_HMS_TOKEN_URL } }),
  };
}
