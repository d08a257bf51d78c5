// The control API as the page uses it: README.md of the simulator names every address.

/** Asks; throws an Error with the simulator's own sentence where it refuses. */
async function request(path, init) {
  const answer = await fetch(`/control/${path}`, init);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error?.message ?? answer.statusText);
  return body;
}

export const get = (path) => request(path);
export const post = (path, body = {}) =>
  request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Where a chat of the page is, as the control API names it. */
const placeOf = ({ network, group, number }) => ({ network, group: group.id, ...(number === null ? {} : { chat: number }) });

/** Something that a person does in a chat. */
export const act = (phone, chat, action, body = {}) => post(`people/${phone}/${action}`, { ...placeOf(chat), ...body });

/** The same as somebody of the group's staff. */
export const writeAsAdmin = (phone, { network, group, number }, text) =>
  post(`groups/${network}/${group.id}/write-as-admin`, number === null ? { phone, text } : { chat: number, text });

/** Something done to a chat of several people by one of them. */
export const changeChat = (phone, { network, group, number }, deed, body = {}) =>
  post(`chats/${network}/${group.id}/${number}/${deed}`, { by: phone, ...body });

/** A chosen file as base64, without the head of a data: address. */
export function base64Of(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result).replace(/^data:[^,]*,/, '')));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
