import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeBot } from '@soroka/bot';
import { AppError } from '../platform/errors.ts';

/** Bots in code, by the names that the configuration gives them. */
export type CodeBots = ReadonlyMap<string, CodeBot>;

/**
 * Loads the modules of SOROKA_BOT_MODULES: `name` and a path or the name of a package, whose export `bot` is what `defineBot` gives.
 * Throws `config.invalid` naming the one that cannot be used.
 */
export async function loadCodeBots(modules: ReadonlyMap<string, string>): Promise<CodeBots> {
  const bots = new Map<string, CodeBot>();
  for (const [name, module] of modules) {
    const isPath = /^(?:[./]|[A-Za-z]:[\\/])/.test(module);
    let loaded: { bot?: unknown };
    try {
      loaded = (await import(isPath ? pathToFileURL(resolve(module)).href : module)) as { bot?: unknown };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'something that is no error was thrown';
      throw new AppError('config.invalid', `SOROKA_BOT_MODULES: ${name} cannot be loaded: ${why}`, { cause: error });
    }
    if (!isCodeBot(loaded.bot))
      throw new AppError('config.invalid', `SOROKA_BOT_MODULES: ${name} must export "bot", made with defineBot of @soroka/bot`);
    bots.set(name, loaded.bot);
  }
  return bots;
}

function isCodeBot(value: unknown): value is CodeBot {
  return typeof value === 'object' && value !== null && 'handlers' in value && 'scenes' in value && 'base' in value;
}
