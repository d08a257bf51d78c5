import { base64Of, changeChat } from './control.js';
import { askFor, openDialog } from './dialogs.js';
import { h } from './dom.js';
import { t } from './i18n.js';
import { menuButton } from './menu.js';

const FILE_BYTES_MAX = 8 * 1_048_576;
// VK names reactions by number only; the pictures are its own, so here they are numbers with words.
const REACTIONS = [1, 2, 3, 4, 5, 6, 7, 8];

/** What can be done in a chat besides writing. */
export function threadMenu({ chat, person, doIt, attempt }) {
  const askForStart = () =>
    askFor({
      title: t('startByLink'),
      action: t('open'),
      fields: [
        { name: 'payload', label: t('startPayload'), hint: t('startHint', chat().network, chat().group.id), maxlength: 512 },
      ],
      onAnswer: async ({ payload }) => {
        if (!(await doIt('start', { payload }))) throw new Error(t('didNotWork'));
      },
    });
  return menuButton({
    name: 'more',
    label: t('chatMenu'),
    items: () => {
      const { kind, permission, network } = chat();
      if (kind === 'chat') return chatItems({ chat, person, attempt });
      return [
        { label: t('start'), icon: 'play', onclick: () => doIt('start') },
        { label: t('startByLink'), icon: 'link', onclick: askForStart },
        { label: t('readAll'), icon: 'ticks', onclick: () => doIt('read') },
        permission === 'blocked'
          ? { label: t('allow'), icon: 'check', onclick: () => doIt('allow') }
          : { label: t('block', network), icon: 'block', danger: true, onclick: () => doIt('block') },
      ];
    },
  });
}

/** Of a chat of several people. */
function chatItems({ chat, person, attempt }) {
  const { title, groupIs } = chat();
  const { phone } = person();
  const change = (deed, body) => changeChat(phone, chat(), deed, body);
  const askForTitle = () =>
    askFor({
      title: t('rename'),
      action: t('save'),
      fields: [{ name: 'title', label: t('chatTitle'), value: title, maxlength: 100 }],
      onAnswer: (answer) => change('title', answer),
    });
  const askForMember = () =>
    askFor({
      title: t('invite'),
      action: t('invite'),
      fields: [{ name: 'phone', label: t('phoneNumber'), hint: '79990000005', inputmode: 'tel' }],
      onAnswer: (answer) => change('add', { phone: answer.phone.replace(/\D/g, '') }),
    });
  return [
    { label: t('rename'), icon: 'new-chat', onclick: askForTitle },
    { label: t('invite'), icon: 'contact', onclick: askForMember },
    groupIs === 'in'
      ? {
          label: t('removeGroup'),
          icon: 'block',
          danger: true,
          onclick: () => attempt(() => change('remove', { phone: 'group' })),
        }
      : { label: t('returnGroup'), icon: 'check', onclick: () => attempt(() => change('add', { phone: 'group' })) },
    { label: t('leave'), icon: 'out', danger: true, onclick: () => attempt(() => change('leave', { phone })) },
  ];
}

/** What a person can send besides a text. */
export function attachMenu({ chat, doIt, toast }) {
  const choose = (kind, accept) => {
    const input = h('input', { type: 'file', ...(accept === null ? {} : { accept }) });
    input.addEventListener('change', async () => {
      const [file] = input.files;
      if (file === undefined) return;
      if (file.size > FILE_BYTES_MAX) {
        toast(t('fileTooBig'), 'problem');
        return;
      }
      doIt('send-attachment', { kind, name: file.name, contentBase64: await base64Of(file) });
    });
    input.click();
  };
  return menuButton({
    name: 'attach',
    label: t('attach'),
    up: true,
    items: () => [
      { label: t('photo'), icon: 'photo', onclick: () => choose('photo', 'image/png,image/jpeg,image/gif') },
      { label: t('file'), icon: 'file', onclick: () => choose('file', null) },
      { label: t('voice'), icon: 'voice', onclick: () => choose('voice', 'audio/*') },
      { label: t('sharePlace'), icon: 'place', onclick: () => doIt('share-location') },
      { label: t('otherPlace'), icon: 'map', onclick: () => askForPlace(doIt) },
      chat().network === 'ok' ? { label: t('shareContact'), icon: 'contact', onclick: () => doIt('share-contact') } : null,
    ],
  });
}

function askForPlace(doIt) {
  askFor({
    title: t('otherPlace'),
    action: t('send'),
    fields: [
      { name: 'latitude', label: t('latitude'), type: 'number', step: 'any', min: -90, max: 90, value: '55.7522' },
      { name: 'longitude', label: t('longitude'), type: 'number', step: 'any', min: -180, max: 180, value: '37.6156' },
    ],
    onAnswer: async ({ latitude, longitude }) => {
      const isDone = await doIt('share-location', { latitude: Number(latitude), longitude: Number(longitude) });
      if (!isDone) throw new Error(t('didNotWork'));
    },
  });
}

/** What can be done to one message: the person's own can be changed, others be reacted to. */
export function messageMenu({ message, doIt, chat }) {
  const { from, id, number, deleted, text } = message;
  if (deleted) return;
  const named = { message: chat().kind === 'chat' ? String(number) : id };
  const buttons = [];
  const add = (label, onclick, danger = false) =>
    buttons.push(
      h('button', { type: 'button', class: danger ? 'button danger' : 'button', onclick: () => close(onclick) }, label),
    );
  const close = (then) => {
    dialog.close();
    then();
  };
  if (from === 'person') {
    add(t('edit'), () => askForText(text, (changed) => doIt('edit', { ...named, text: changed })));
    add(t('delete'), () => doIt('delete', named), true);
  }
  if (from === 'group' && chat().kind === 'dialog' && chat().network === 'vk') {
    for (const reaction of REACTIONS) add(t('reaction', reaction), () => doIt('react', { ...named, reaction }));
    if (message.reaction !== null) add(t('noReaction'), () => doIt('react', { ...named, reaction: null }), true);
  }
  const facts = h('dl', { class: 'facts' }, ...factsOf(message));
  const dialog = openDialog(t('message'), h('div', {}, facts, h('div', { class: 'choices' }, buttons)));
}

const factsOf = ({ id, number, kind, ticks }) =>
  [
    [t('messageId'), id],
    [t('messageNumber'), String(number)],
    [t('messageKind'), t(kind)],
    ...(ticks === null ? [] : [[t('messageStatus'), t(`ticks.${ticks}`)]]),
  ].flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);

function askForText(text, onAnswer) {
  askFor({
    title: t('editMessage'),
    action: t('save'),
    fields: [{ name: 'text', label: t('text'), value: text, rows: 4 }],
    onAnswer: async ({ text: changed }) => {
      if (!(await onAnswer(changed))) throw new Error(t('didNotWork'));
    },
  });
}
