import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VK_ERRORS } from './error-texts.ts';
import { EVENT_NAMES } from './event-settings.ts';
import { VK_METHOD_NAMES } from './method-names.ts';
import { SIMULATED_METHODS } from './methods/methods.ts';
import { allEvents, EVENT_OBJECTS } from './test/all-events.ts';
import { METHOD_CASES } from './test/method-cases.ts';
import { isSchemaThere, loadSchema, SCHEMA_ABSENT, type VkSchema } from './test/schema.ts';
import { type Stage, setStage } from './test/stage.ts';
import { type SimulatedVk, startVk } from './test/start-vk.ts';

const suite = isSchemaThere ? 'everything that VK says is valid by its schema' : SCHEMA_ABSENT;

describe.skipIf(!isSchemaThere)(suite, () => {
  let schema: VkSchema;
  let vk: SimulatedVk;
  let stage: Stage;
  beforeAll(async () => {
    schema = loadSchema();
    vk = await startVk();
    stage = await setStage(vk);
  });
  afterAll(() => vk[Symbol.asyncDispose]());

  test('the texts of all errors are those of errors.json', () => {
    expect(VK_ERRORS).toEqual(Object.fromEntries(schema.errors.map(({ code, description }) => [code, description])));
  });

  test('the names of all methods are those of the schema', () => {
    expect([...VK_METHOD_NAMES].sort()).toEqual([...schema.methods.keys()].sort());
  });

  test('the events that can be switched on are the parameters of groups.setCallbackSettings and setLongPollSettings', () => {
    for (const method of ['groups.setCallbackSettings', 'groups.setLongPollSettings']) {
      const others = ['group_id', 'server_id', 'api_version', 'enabled'];
      const names = schema.methods.get(method)?.parameters?.map(({ name }) => name) ?? [];
      expect(EVENT_NAMES).toEqual(expect.arrayContaining(names.filter((name) => !others.includes(name))));
    }
  });

  test('every simulated method is called here, done right and done wrong', () => {
    const called = (isRight: boolean) =>
      METHOD_CASES.filter(({ code }) => (code === undefined) === isRight).map(({ method }) => method);
    expect(SIMULATED_METHODS.filter((method) => !called(true).includes(method))).toEqual([]);
    expect(SIMULATED_METHODS.filter((method) => !called(false).includes(method))).toEqual([]);
  });

  test('every event of messages is valid in its newest form, for dialogs and for chats', async () => {
    const events = await allEvents(vk);
    const types = ['reply', 'allow', 'edit', 'deny', 'typing_state', 'read', 'event', 'reaction_event'].map(
      (name) => `message_${name}`,
    );
    expect([...new Set(events.map(({ type }) => type))].sort()).toEqual(['message_new', ...types].sort());
    for (const event of events) {
      expect(schema.problem('callback/objects.json callback_base', event) ?? 'valid').toBe('valid');
      expect([event.type, schema.problem(EVENT_OBJECTS[event.type] ?? '', event.object) ?? 'valid']).toEqual([
        event.type,
        'valid',
      ]);
    }
  });

  test.each(METHOD_CASES)('$method: $name', async ({ method, parameters, variant, code }) => {
    const given = typeof parameters === 'function' ? await parameters(stage, vk) : parameters;
    const answer = await vk.call(method, given);
    if (code === undefined) {
      expect(answer.error).toBeUndefined();
      expect(schema.responseProblem(method, answer, variant) ?? 'valid').toBe('valid');
    } else {
      expect(answer.error?.error_code).toBe(code);
      expect([...schema.errorCodes(method)]).toContain(code);
      expect(schema.problem('base/objects.json base_error', answer.error) ?? 'valid').toBe('valid');
    }
  });
});
