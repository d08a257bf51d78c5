import type { ActionOutcome, UploadedFile } from '../actions.ts';
import { BrokenBodyError, type Fields, readFields } from '../body/body.ts';
import type { OutgoingAttachment } from '../channel.ts';
import { parseJson, stringifyJson } from '../json.ts';
import type { VkApi, VkParams } from './vk-api.ts';
import { act, readResult } from './vk-calls.ts';
import { failureOf } from './vk-errors.ts';

// [?] VK names no time. Files are up to 200 MB (documents); a line of a megabit a second brings 15 MB in this one.
const UPLOAD_TIMEOUT_MS = 120_000;

/** Of a file that came to a server which has forgotten it: the whole upload is done once more. Schema of saveMessagesPhoto. */
const REDO_CODES: readonly string[] = ['114', '118', '121'];

/** How one kind of file goes up: where its server is asked for, the field of the form, how it is saved and named. */
interface Route {
  server: { method: string; params: VkParams };
  field: string;
  /** Reads the server's answer into the call that saves the file. */
  save: (uploaded: Fields, file: UploadedFile) => { method: string; params: VkParams };
  reference: (saved: unknown) => string;
}

const document = (type: 'doc' | 'audio_message'): Route => ({
  server: { method: 'docs.getMessagesUploadServer', params: { type } },
  field: 'file',
  save: (uploaded, { name }) => ({ method: 'docs.save', params: { file: uploaded.text('file'), title: name } }),
  reference: (saved) => referenceOf(type, readFields(saved, 'response').object(type)),
});

const ROUTES: Readonly<Record<Exclude<UploadedFile['kind'], 'video'>, Route>> = {
  image: {
    server: { method: 'photos.getMessagesUploadServer', params: {} },
    field: 'photo',
    save: (uploaded) => ({
      method: 'photos.saveMessagesPhoto',
      params: { photo: photoOf(uploaded), server: uploaded.id('server'), hash: uploaded.text('hash') },
    }),
    reference: (saved) => referenceOf('photo', readFields(Array.isArray(saved) ? saved[0] : saved, 'response[0]')),
  },
  file: document('doc'),
  voice: document('audio_message'),
};

/**
 * Gives VK a file in its three steps and names it as `attachment` wants it; `peerId` is null where many people get it: VK's schema
 * asks for none, and the name holds the key to the file. Never throws.
 * Source: dev.vk.com/api/upload/photo-in-message and document-in-message; the fields: vk-io.
 */
export async function uploadFile(
  api: VkApi,
  file: UploadedFile,
  peerId: string | null,
  signal: AbortSignal,
): Promise<ActionOutcome<OutgoingAttachment>> {
  const { kind } = file;
  if (kind === 'video')
    return { kind: 'refused', networkCode: 'video', detail: 'VK takes no videos from communities: send a link' };
  const first = await uploadOnce(api, ROUTES[kind], file, peerId, signal);
  const outcome =
    first.kind === 'refused' && REDO_CODES.includes(first.networkCode)
      ? await uploadOnce(api, ROUTES[kind], file, peerId, signal)
      : first;
  return outcome.kind === 'done' ? { kind: 'done', result: { kind, reference: outcome.result } } : outcome;
}

async function uploadOnce(
  api: VkApi,
  { server, field, save, reference }: Route,
  file: UploadedFile,
  peerId: string | null,
  signal: AbortSignal,
): Promise<ActionOutcome<string>> {
  const peer: VkParams = peerId === null ? {} : { peer_id: peerId };
  const address = await act(api, server.method, { ...peer, ...server.params }, signal, (response) =>
    readFields(response, 'response').text('upload_url'),
  );
  if (address.kind !== 'done') return address;
  const form = new FormData();
  form.append(field, new Blob([Buffer.from(file.bytes)], { type: file.contentType }), file.name);
  const answer = await api.post(address.result, form, UPLOAD_TIMEOUT_MS, signal);
  if (answer.kind !== 'answered') return failureOf(answer);
  if (answer.status !== 200) return failureOf({ kind: 'unanswered', detail: `the upload server's status is ${answer.status}` });
  const uploaded = readResult('upload', () => readUploaded(answer.text));
  if (uploaded.kind !== 'done') return uploaded;
  const refusal = refusalIn(uploaded.result);
  if (refusal !== undefined) return refusal;
  const call = readResult('upload', () => save(uploaded.result, file));
  return call.kind === 'done' ? act(api, call.result.method, call.result.params, signal, reference) : call;
}

function readUploaded(text: string): Fields {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    throw new BrokenBodyError('body', 'holds no JSON');
  }
  const fields = readFields(body);
  return fields.has('response') ? fields.object('response') : fields; // some servers wrap it (vk-io)
}

/** `{"error":"…"}`, or no picture in the list: the server read the file and does not want it. */
function refusalIn(uploaded: Fields): ActionOutcome<never> | undefined {
  const error = uploaded.raw('error');
  const isEmpty = ['[]', ''].includes(String(uploaded.raw('photo') ?? 'none'));
  if (error === undefined && !isEmpty) return undefined;
  const detail =
    typeof error === 'string' ? `VK's upload server says: ${error.slice(0, 100)}` : 'VK found no picture in the file';
  return { kind: 'refused', networkCode: 'upload', detail: `${detail}; try another file` };
}

/** JSON text by the documents; kept as it came where a server sends it as a list. */
function photoOf(uploaded: Fields): string {
  const photo = uploaded.raw('photo');
  return typeof photo === 'string' ? photo : stringifyJson(uploaded.array('photo'));
}

function referenceOf(type: string, saved: Fields): string {
  const key = saved.has('access_key') ? `_${saved.text('access_key')}` : '';
  return `${type}${saved.id('owner_id')}_${saved.id('id')}${key}`;
}
