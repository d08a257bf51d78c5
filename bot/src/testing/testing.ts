export { factsOf } from './facts.ts';
export { type BotTest, BotTestError, testBot } from './test-bot.ts';
