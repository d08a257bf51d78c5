import { sentenceOf } from '../platform/sentence.ts';
import { ACCOUNT_COMMANDS } from './account-commands.ts';
import { BOT_COMMANDS } from './bot-commands.ts';
import { BROADCAST_COMMANDS } from './broadcast-commands.ts';
import { CALLBACK_COMMANDS } from './callback-commands.ts';
import { type Answer, type Command, helpOf, readGiven, type Surroundings, UsageError } from './command.ts';
import { CONNECTION_COMMANDS } from './connection-commands.ts';
import { CONTENT_COMMANDS } from './content-commands.ts';
import { DOCTOR_COMMANDS } from './doctor-commands.ts';
import { EVENT_COMMANDS } from './event-commands.ts';
import { LINK_COMMANDS } from './link-commands.ts';
import { OPERATOR_COMMANDS } from './operator-commands.ts';
import { present } from './output.ts';
import { SENDER_COMMANDS } from './sender-commands.ts';
import { SERVER_COMMANDS } from './server-commands.ts';
import { USER_CONNECTION_COMMANDS } from './user-connection-commands.ts';

/** Where a run of the program prints to. */
export interface Terminal extends Surroundings {
  out(text: string): void;
  /** For people: notes and errors. */
  note(text: string): void;
  /** Whether a person reads the output, not a program. */
  isForPeople: boolean;
}

export const COMMANDS: readonly Command[] = [
  ...SERVER_COMMANDS,
  ...ACCOUNT_COMMANDS,
  ...OPERATOR_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...USER_CONNECTION_COMMANDS,
  ...SENDER_COMMANDS,
  ...CONTENT_COMMANDS,
  ...BROADCAST_COMMANDS,
  ...BOT_COMMANDS,
  ...LINK_COMMANDS,
  ...EVENT_COMMANDS,
  ...CALLBACK_COMMANDS,
];

const FAILED = 1;
const MISUSED = 2;

/** Runs `soroka <words>`. Resolves with the exit code: 0, 1 when it failed or found something bad, 2 when it was typed wrongly; never rejects. */
export async function runCli(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = commandOf(words);
  if (command === null) return withoutCommand(words, terminal);
  const rest = words.slice(command.name.split(' ').length);
  try {
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(helpOf(command));
      return 0;
    }
    const given = readGiven(command, rest);
    const answer = await command.run(given, terminal);
    if (answer === null) return 0;
    const form = given.flag('json') !== undefined ? 'json' : terminal.isForPeople ? 'terminal' : 'tsv';
    const { out, note } = present(answer, form);
    if (out !== '') terminal.out(out);
    if (note !== '') terminal.note(note);
    return isBad(answer) ? FAILED : 0;
  } catch (error) {
    const hint = error instanceof UsageError ? ` See "soroka ${command.name} --help".` : '';
    terminal.note(`${sentenceOf(error)}${hint}\n`);
    return error instanceof UsageError ? MISUSED : FAILED;
  }
}

/** The longest name that fits: "doctor signature" is not "doctor". */
function commandOf(words: readonly string[]): Command | null {
  const fits = ({ name }: Command) => name.split(' ').every((word, index) => words[index] === word);
  return COMMANDS.filter(fits).toSorted((a, b) => b.name.length - a.name.length)[0] ?? null;
}

function isBad(answer: Answer): boolean {
  return answer.kind === 'report' && answer.sections.some(({ findings }) => findings.some(({ state }) => state === 'bad'));
}

function withoutCommand(words: readonly string[], terminal: Terminal): number {
  const typed = words.filter((word) => !word.startsWith('-'));
  const near = COMMANDS.filter(({ name }) => typed.length > 0 && name.split(' ')[0] === typed[0]);
  const asksForHelp = words.length === 0 || words.includes('--help') || words.includes('-h') || typed[0] === 'help';
  if (asksForHelp) {
    terminal.out(overview(near.length > 0 ? near : COMMANDS));
    return 0;
  }
  const choice = near.length > 0 ? near.map(({ name }) => `"soroka ${name}"`).join(', ') : '"soroka --help" for what there is';
  terminal.note(`There is no command "soroka ${typed.join(' ')}": use ${choice}.\n`);
  return MISUSED;
}

function overview(commands: readonly Command[]): string {
  const lines = commands.map((command) => ({
    left: ['  soroka', command.name, ...(command.arguments ?? [])].join(' '),
    right: command.summary,
  }));
  const width = Math.max(...lines.map(({ left }) => left.length));
  return `Soroka: notifications, chatbots and an operator's inbox for VK and Odnoklassniki.

${lines.map(({ left, right }) => `${left.padEnd(width)}  ${right}`).join('\n')}

"soroka <command> --help" explains each and shows an example. Commands work on the database of DATABASE_URL, else on the
private one in SOROKA_DATA; docs/configuration.md lists all variables.
`;
}
