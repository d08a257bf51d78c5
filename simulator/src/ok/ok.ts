import type { FastifyInstance } from 'fastify';
import { acceptForms } from '../form/form.ts';
import { watchCalls } from '../wire/wire.ts';
import type { World } from '../world/world.ts';
import { addGraph } from './graph/graph.ts';
import { addOAuth } from './oauth/oauth.ts';
import { addOkControl } from './ok-control.ts';
import { createOkNetwork } from './ok-network.ts';
import { addPictures } from './pictures.ts';
import { addRest } from './rest/rest.ts';
import { addUploads } from './uploads/upload-routes.ts';

/**
 * Odnoklassniki as an application and a group's bot see it, under `/ok`: the REST API at `/ok/fb.do` and
 * `/ok/api/{group}/{method}`, OAuth at `/ok/oauth/…`, the Graph API at `/ok/graph/…`, uploads at `/ok/upload.do`, and the webhooks
 * that call out; `/control/ok` sets what is unknown of it. Sources: contracts/ok.md 1-5; seed 002.
 */
export async function registerOk(app: FastifyInstance, world: World): Promise<void> {
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
  await app.register(async (control) => addOkControl(control, network), { prefix: '/control/ok' });
}
