import { ANNA, GROUP_ID, type SimulatedVk } from './start-vk.ts';

export type Parameters = Record<string, string | number>;

/** One call of a method, and how it must end. */
export interface MethodCase {
  method: string;
  name: string;
  parameters: Parameters | ((stage: Stage, vk: SimulatedVk) => Parameters | Promise<Parameters>);
  /** Which of the method's responses the schema has for it; any, if not given. */
  variant?: string;
  /** Of the error that it must end with. */
  code?: number;
}

/** What the cases speak of. */
export interface Stage {
  /** `attachment` of a saved photo and of a saved document. */
  photo: string;
  document: string;
  /** `photo`, `server` and `hash` of an uploaded photo; `file` of an uploaded document. */
  uploadedPhoto: { photo: string; server: number; hash: string };
  uploadedFile: string;
  uploadedVoice: string;
  uploadedGraffiti: string;
  /** `file` of an icon for the first chat. */
  uploadedIcon: string;
  serverId: number;
}

export const ANNA_ID = 37_119_444;
export const VERA_ID = 37_119_446;
export const NOBODY = 12;
export const CHAT = 2_000_000_001;
export const LEFT_CHAT = 2_000_000_002;
export const UNKNOWN_CHAT = 2_000_000_077;
export const ANNAS_TOKEN = 'vk1.user.37119444';
export const OF_GROUP = { group_id: GROUP_ID };

// The smallest picture there is: a GIF of one point.
export const PICTURE = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');

/** Sends bytes to an upload address as a browser does. */
export async function upload(url: string, field: string, bytes: Buffer, name: string): Promise<Record<string, never>> {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(bytes)]), name);
  return (await (await fetch(url, { method: 'POST', body: form })).json()) as Record<string, never>;
}

/** A world in which something has happened: a dialog, chats, files, a callback server. */
export async function setStage(vk: SimulatedVk): Promise<Stage> {
  const { world, group } = vk;
  world.limits.set({ callsPerSecond: null });
  const anna = vk.person(ANNA);
  world.say(group, anna, 'привет', { payload: '{"a":1}', ref: 'site' });
  world.intents.set(group, anna, 'promo_newsletter', true);
  const chat = world.chats.create({
    group,
    title: 'Соседи',
    owner: anna,
    groupIsAdmin: true,
    people: [vk.person('79990000004')],
  });
  const said = world.chats.say(chat, anna, 'важное');
  if (said !== null) world.chats.pin(chat, anna, said);
  world.chats.setIcon(chat, anna, 'http://127.0.0.1/icon.png');
  const left = world.chats.create({ group, title: 'Ушли', owner: anna });
  world.chats.leave(left, null, anna);
  world.chats.create({ group, title: 'Гости', owner: anna });

  const address = async (method: string, parameters: Parameters = {}): Promise<string> =>
    ((await vk.call(method, parameters)).response as unknown as { upload_url: string }).upload_url;
  const photoUrl = await address('photos.getMessagesUploadServer');
  const documentUrl = (type: string) => address('docs.getMessagesUploadServer', { type });
  const iconUrl = await address('photos.getChatUploadServer', { chat_id: chat.number });
  const uploadedPhoto = (await upload(photoUrl, 'photo', PICTURE, 'a.gif')) as unknown as Stage['uploadedPhoto'];
  const fileOf = async (type: string, bytes: Buffer, name: string): Promise<string> =>
    (await upload(await documentUrl(type), 'file', bytes, name))['file'] ?? '';
  const uploadedFile = await fileOf('doc', Buffer.from('привет'), 'a.txt');
  const [photo] = (await vk.call('photos.saveMessagesPhoto', { ...uploadedPhoto })).response as unknown as [SavedMedia];
  const { doc } = (await vk.call('docs.save', { file: uploadedFile })).response as unknown as { doc: SavedMedia };
  const server = await vk.call('groups.addCallbackServer', { ...OF_GROUP, url: 'http://127.0.0.1:9/hook', title: 'a' });
  return {
    photo: `photo${photo.owner_id}_${photo.id}_${photo.access_key}`,
    document: `doc${doc.owner_id}_${doc.id}`,
    uploadedPhoto,
    uploadedFile,
    uploadedVoice: await fileOf('audio_message', Buffer.from('OggS and so on'), 'a.ogg'),
    uploadedIcon: (await upload(iconUrl, 'file', PICTURE, 'a.gif'))['response'] ?? '',
    uploadedGraffiti: await fileOf('graffiti', PICTURE, 'a.gif'),
    serverId: (server.response as unknown as { server_id: number }).server_id,
  };
}

interface SavedMedia {
  id: number;
  owner_id: number;
  access_key: string;
}

/** The cases of one method, by what they are. */
export const casesOf = (method: string, cases: Record<string, Omit<MethodCase, 'method' | 'name'>>): MethodCase[] =>
  Object.entries(cases).map(([name, one]) => ({ method, name, ...one }));
