export { type Bot, type BotTexts, noReplyTimesMs, type StopWords, withVersions } from './bot-definition.ts';
export { parseYaml, type ReadBot, readBot } from './read-bot.ts';
