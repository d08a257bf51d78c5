import { readFile } from 'node:fs/promises';
import { MESSAGE_CLASSES, ROUTES } from '@soroka/api';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { ImportRow } from '../contacts/contacts.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Command, type Given, type Surroundings, UsageError } from './command.ts';
import { type CsvRow, parseCsv } from './csv.ts';
import { choiceFlag, choicesFlag, integerArgument, integerFlag, textOrFile } from './values.ts';
import { openWorkplace } from './workplace.ts';

const CONTACT_COLUMNS = ['phone', 'name', 'vk', 'ok', 'consent'];

export const CONTENT_COMMANDS: readonly Command[] = [
  {
    name: 'template add',
    summary: 'Add a template and approve it for senders.',
    arguments: ['ID'],
    flags: {
      account: ACCOUNT_FLAG,
      name: { value: 'NAME', meaning: 'Its name, "tmpl" of a request. Required.' },
      text: { value: 'TEXT', meaning: 'The text, with {{ variables }}.' },
      'text-file': { value: 'FILE', meaning: 'A file with the text; - is standard input.' },
      sender: { value: 'NAME', many: true, meaning: 'A sender that may use it.' },
      routes: { value: 'LIST', meaning: 'Networks it may go to, in this order. Default: VK,OK.' },
      'upstream-id': { value: 'N', meaning: 'Its number at the notify upstream, where that is another.' },
      'upstream-name': { value: 'NAME', meaning: 'Its name at the notify upstream, where that is another.' },
      intent: { value: 'INTENT', meaning: 'VK: why the group may write first, such as confirmed_notification.' },
      class: { value: 'CLASS', meaning: 'Of its messages that name none: transactional, service (default) or broadcast.' },
      'unknown-outcome': { value: 'WHAT', meaning: 'After a call without an answer to OK: resend (default) or stop.' },
    },
    help: `
The text is Liquid: {{ name }}, {{ name | upcase }}, {% if paid %}…{% else %}…{% endif %}. Every variable must be given with
every message. OK cannot recognise a repeat: "resend" may send twice, "stop" ends such a message as UNKNOWN.

  soroka template add 4 --name base_template --sender Pizzeria --text 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.'`,
    run: addTemplate,
  },
  {
    name: 'contact import',
    summary: 'Import people who have agreed to be written to.',
    arguments: ['FILE.csv'],
    flags: {
      account: ACCOUNT_FLAG,
      consent: { value: 'TEXT', meaning: 'Where the permission came from, for rows that do not say.' },
    },
    help: `
The first line names the columns: ${CONTACT_COLUMNS.join(', ')}; phone and a consent are needed, vk and ok are the digits of the
person's id. UTF-8, with commas, semicolons or tabs. A phone that is known gets what its row gives. All or nothing: a wrong
row is named and nothing is imported.

  phone,name,vk,ok,consent
  +7 999 999-99-99,Анна,37119444,123456789012,form on the site

  soroka contact import people.csv --account pizzeria`,
    run: importContacts,
  },
  {
    name: 'contact set',
    summary: 'Note that a person wants no notifications, or wants them again.',
    arguments: ['PHONE'],
    flags: {
      account: ACCOUNT_FLAG,
      'opted-out': {
        value: 'YES',
        meaning: 'yes: notifications to this phone are refused as recipient.opted.out; or no. Required.',
      },
    },
    help: `
Holds for the account's senders all together, from the next request on; also for a phone that is not known yet.

  soroka contact set +79999999999 --opted-out yes --account pizzeria`,
    run: setContact,
  },
];

async function addTemplate(given: Given, surroundings: Surroundings) {
  const id = integerArgument(given, 0, 'ID');
  const name = given.required('name');
  const text = await textOrFile(given, surroundings, 'text');
  if (text === undefined) throw new UsageError('--text or --text-file must be given.');
  const routes = choicesFlag(given, 'routes', ROUTES);
  const ownClass = choiceFlag(given, 'class', MESSAGE_CLASSES);
  const unknownOutcome = choiceFlag(given, 'unknown-outcome', ['resend', 'stop']);
  const intent = given.flag('intent');
  const [templateId, tmpl] = [integerFlag(given, 'upstream-id'), given.flag('upstream-name')];
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const known = await place.connections.senders(accountId);
  const senderIds = given.all('sender').map((wanted) => {
    const sender = known.find((candidate) => candidate.name === wanted);
    if (sender === undefined) throw new Error(`There is no sender "${wanted}": add it with "soroka sender add".`);
    return sender.id;
  });
  const template = await place.templates.add({
    accountId,
    id,
    name,
    text,
    senderIds,
    upstream: { ...(templateId === undefined ? {} : { templateId }), ...(tmpl === undefined ? {} : { tmpl }) },
    ...(routes === undefined ? {} : { routes }),
    ...(intent === undefined ? {} : { intent }),
    ...(unknownOutcome === undefined ? {} : { unknownOutcome }),
    ...(ownClass === undefined ? {} : { class: ownClass }),
  });
  await place.noted(accountId, 'template.added', `template:${id}`);
  return {
    kind: 'record' as const,
    fields: { id, name, routes: template.routes, variables: template.variables, senders: given.all('sender'), text },
    ...(senderIds.length === 0 ? { note: 'No sender may use it yet: add it with --sender.' } : {}),
  };
}

async function importContacts(given: Given, surroundings: Surroundings) {
  const file = given.arguments[0] ?? '';
  const { columns, rows } = parseCsv(await readUtf8(file));
  const unknown = columns.filter((column) => !CONTACT_COLUMNS.includes(column));
  if (unknown.length > 0 || !columns.includes('phone')) {
    const found = unknown.length > 0 ? `"${unknown.join('", "')}"` : 'no "phone"';
    throw new Error(`The first line must name the columns ${CONTACT_COLUMNS.join(', ')}; it has ${found}.`);
  }
  const contacts = rows.map((row) => contactOf(row, given.flag('consent')));
  const lineOf = (rowNumber: number) => rows[rowNumber - 1]?.line;
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const result = await place.contacts.importMany(accountId, contacts).catch((error: { detail?: string }) => {
    // The module counts rows; a person looks for lines.
    if (error.detail !== undefined)
      throw new Error(error.detail.replace(/\brow (\d+)/g, (_, row: string) => `line ${lineOf(Number(row))}`));
    throw error;
  });
  return { kind: 'record' as const, fields: { file, ...result } };
}

async function setContact(given: Given, surroundings: Surroundings) {
  const word = given.arguments[0] ?? '';
  const phone = phoneOf(word);
  if (phone === null) throw new UsageError(`PHONE must be a possible phone number, not "${word}".`);
  const optedOut = choiceFlag(given, 'opted-out', ['yes', 'no']);
  if (optedOut === undefined) throw new UsageError('--opted-out must be given.');
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  await place.contacts.setOptedOut(accountId, phone, optedOut === 'yes');
  return { kind: 'record' as const, fields: { phone, optedOut: optedOut === 'yes' } };
}

async function readUtf8(file: string): Promise<string> {
  const bytes = await readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`The file ${file} is not UTF-8: save it as "CSV UTF-8".`);
  }
}

function contactOf({ line, fields }: CsvRow, consentForAll: string | undefined): ImportRow {
  const phone = phoneOf(fields['phone'] ?? '');
  if (phone === null) throw new Error(`Line ${line}: "${fields['phone']}" is no possible phone number; nothing was imported.`);
  const consent = fields['consent'] || consentForAll;
  if (consent === undefined)
    throw new Error(`Line ${line} names no consent: fill the column, or give --consent; nothing was imported.`);
  const { name, vk, ok } = fields;
  return {
    phone,
    consent,
    ...(name ? { name } : {}),
    ...(vk ? { vk } : {}),
    ...(ok ? { ok } : {}),
  };
}

/** Digits of E.164 without plus; null for what is no possible number. */
function phoneOf(text: string): string | null {
  const number = parsePhoneNumberFromString(text, { defaultCountry: 'RU', extract: false });
  return number?.isPossible() === true ? number.number.slice(1) : null;
}
