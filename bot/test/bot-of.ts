import { type Bot, type BotEvent, readBot } from '../src/bot.ts';

/** The bot of a file that must be right. */
export function botOf(yaml: string): Bot {
  const read = readBot(yaml);
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.bot;
}

export function says(text: string, more: Partial<Extract<BotEvent, { kind: 'message' }>> = {}): BotEvent {
  return { kind: 'message', text, attachments: [], ...more };
}
