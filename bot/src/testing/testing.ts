export { type ReadBotTests, readBotTests, runBotTests, type TestOutcome, type WrittenTest } from './bot-tests.ts';
export { factsOf } from './facts.ts';
export { type BotTest, BotTestError, testBot } from './test-bot.ts';
