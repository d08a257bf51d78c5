import type { FastifyInstance, FastifyRequest } from 'fastify';
import { acceptForms, parametersOf } from '../form/form.ts';
import { watchCalls } from '../wire/wire.ts';
import type { World } from '../world/world.ts';
import { LONG_POLL } from './long-poll.ts';
import { addUploads } from './media/upload-routes.ts';
import { isNotSimulated, runMethod } from './methods/methods.ts';
import { holderOf } from './tokens.ts';
import { errorBody, type Refusal, refuse } from './vk-errors.ts';
import { createVkNetwork, type UserCall, type VkCall, type VkNetwork } from './vk-network.ts';

/**
 * VK as a community's bot sees it, under `/vk`: the API at `/vk/method/<name>`, Bots Long Poll, uploads, and the Callback API that
 * calls out. Every answer of the API is HTTP 200 with `response` or `error`. Sources: contracts/vk.md 1-3.
 */
export async function registerVk(app: FastifyInstance, world: World): Promise<void> {
  const network = createVkNetwork(world);
  await app.register(
    async (scope) => {
      acceptForms(scope);
      watchCalls(scope, world, 'vk');
      addApi(scope, network);
      addLongPoll(scope, network);
      await scope.register(async (uploads) => addUploads(uploads, network));
      scope.addHook('onClose', async () => network.callbacks.stop());
    },
    { prefix: '/vk' },
  );
}

function addApi(scope: FastifyInstance, network: VkNetwork): void {
  scope.route<{ Params: { name: string } }>({
    method: ['GET', 'POST'],
    url: '/method/:name',
    handler: (request) => {
      const { name } = request.params;
      const { entry } = request.networkCall;
      const given = parametersOf(request);
      Object.assign(entry, { method: name, request: given });
      const accepted = acceptCall(request, given, network);
      const result = accepted.ok ? runMethod(name, given, accepted.call) : accepted;
      if (accepted.ok && 'group' in accepted.call) entry.group = accepted.call.group.id;
      if (isNotSimulated(name)) entry.note = 'VK has this method, the simulator has not';
      if (!result.ok) {
        entry.code = String(result.error.code);
        return errorBody(result.error, name, given);
      }
      const { response, executeErrors } = result;
      return executeErrors === undefined ? { response } : { response, execute_errors: executeErrors };
    },
  });
}

// [?] The oldest version that VK takes is in no document that was found. Clients from 5.103 on are in use (contracts/vk.md 7), and
// vk_api, the most used one of Python, asks for 5.92 unless told otherwise.
const VERSION_MINOR_MIN = 81;
// The newest whose schema is known. A later one is answered like it: VK goes on, and clients with it.
const VERSION_MINOR_KNOWN = 199;

/** Version, then token, then rate. [?] The order in which VK checks is not known. */
function acceptCall(
  request: FastifyRequest,
  given: Readonly<Record<string, string>>,
  network: VkNetwork,
): { ok: true; call: VkCall | UserCall } | Refusal {
  const { v } = given;
  if (v === undefined || v === '') return refuse(8, 'v (version) is required');
  const minor = Number(/^5\.(\d{1,3})$/.exec(v)?.[1] ?? Number.NaN);
  if (!(minor >= VERSION_MINOR_MIN)) {
    return refuse(8, `v (version) should be 5.${VERSION_MINOR_MIN} or later, as 5.${VERSION_MINOR_KNOWN}`);
  }
  const token = given['access_token'] ?? /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined || token === '') return refuse(5, 'no access_token passed.');
  const holder = holderOf(network.world, token);
  if (holder === null) return refuse(5, 'invalid access_token (4).');
  const { at } = request.networkCall;
  const version = Math.min(minor, VERSION_MINOR_KNOWN);
  const call = { network, version, at, origin: `${request.protocol}://${request.host}` };
  if ('person' in holder) return { ok: true, call: { ...call, ...holder } };
  if (!network.world.limits.takeCall(holder.group, at)) return refuse(6);
  return { ok: true, call: { ...call, ...holder } };
}

/** `GET` or `POST {server}?act=a_check&key=…&ts=…&wait=25`; parameters that are not known are ignored (contracts/vk.md 2). */
function addLongPoll(scope: FastifyInstance, network: VkNetwork): void {
  scope.route<{ Params: { groupId: string } }>({
    method: ['GET', 'POST'],
    url: '/longpoll/:groupId',
    handler: async (request, reply) => {
      const { key = '', ts, wait } = parametersOf(request);
      const { entry } = request.networkCall;
      Object.assign(entry, { method: 'longpoll', group: request.params.groupId });
      const group = network.world.groups.byId('vk', request.params.groupId);
      const waitSeconds = /^\d{1,3}$/.test(wait ?? '') ? Number(wait) : LONG_POLL.waitSecondsDefault;
      // On the answer, not on the socket, which outlives many polls.
      const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve));
      const answer = group === null ? { failed: 2 } : await network.longPoll.poll(group, { key, ts, waitSeconds }, gone);
      if ('failed' in answer) entry.code = `failed ${answer.failed}`;
      return answer;
    },
  });
}
