import type { FastifyInstance } from 'fastify';
import { acceptForms } from '../form/form.ts';
import { watchCalls } from '../wire/wire.ts';
import type { Group, Person, World } from '../world/world.ts';
import type { Confirmation } from './application-events.ts';
import { addGraph } from './graph/graph.ts';
import { addOAuth } from './oauth/oauth.ts';
import { createOkNetwork } from './ok-network.ts';
import type { OkSettings } from './ok-settings.ts';
import { addPictures } from './pictures.ts';
import { addRest } from './rest/rest.ts';
import { addUploads } from './uploads/upload-routes.ts';

export type { Confirmation } from './application-events.ts';
export { OK_SETTINGS, type OkSettingName, type OkSettings, type OkSettingValues } from './ok-settings.ts';

/** What a test or the page may do to OK besides acting in the world. */
export interface OkControls {
  /** What no document states, and can be changed. */
  settings: OkSettings;
  /** The token of the group that lives now. */
  tokenOf(group: Group): string;
  /** An administrator makes a new token in the group's settings: the old one is dead. Gives the new one, shown this once. */
  regenerateToken(group: Group): string;
  /** A person revokes what the application may do: all of their tokens die. */
  revokeAccess(person: Person): void;
  /** Somebody enters a webhook in the application's settings and presses "Confirm" (contracts/ok.md 4.4). */
  confirmApplicationWebhook(url: string): Promise<Confirmation>;
  /** An event of the application, as it is to be sent: to that webhook and to events.updates. */
  publishApplicationEvent(body: object): void;
}

/**
 * Odnoklassniki as an application and a group's bot see it, under `/ok`: the REST API at `/ok/fb.do` and
 * `/ok/api/{group}/{method}`, OAuth at `/ok/oauth/…`, the Graph API at `/ok/graph/…`, uploads at `/ok/upload.do`, and the webhooks
 * that call out. Sources: contracts/ok.md 1-5; seed 002.
 */
export async function registerOk(app: FastifyInstance, world: World): Promise<OkControls> {
  const network = createOkNetwork(world);
  await app.register(
    async (forms) => {
      acceptForms(forms);
      watchCalls(forms, world, 'ok');
      addRest(forms, network);
      addOAuth(forms, network);
    },
    { prefix: '/ok' },
  );
  await app.register(
    async (graph) => {
      watchCalls(graph, world, 'ok');
      addGraph(graph, network);
      graph.addHook('onClose', async () => network.webhooks.stop());
    },
    { prefix: '/ok' },
  );
  await app.register(
    async (uploads) => {
      watchCalls(uploads, world, 'ok');
      addUploads(uploads, network);
    },
    { prefix: '/ok' },
  );
  await app.register(async (pictures) => addPictures(pictures, world), { prefix: '/ok' });
  return {
    settings: network.settings,
    tokenOf: network.groupTokens.of,
    regenerateToken: network.groupTokens.regenerate,
    revokeAccess: network.sessions.revoke,
    confirmApplicationWebhook: network.applicationEvents.confirm,
    publishApplicationEvent: network.applicationEvents.publish,
  };
}
