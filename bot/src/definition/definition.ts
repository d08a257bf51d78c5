export {
  type Bot,
  type BotTexts,
  namesEvent,
  noReplyTimesMs,
  type StopWords,
  segmentNames,
  withVersions,
} from './bot-definition.ts';
export { parseYaml, type ReadBot, readBot } from './read-bot.ts';
