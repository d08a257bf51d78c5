import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findViolations, SERVER_ORDER, WORKSPACES } from './layers.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Texts of all sources by path in the repository. */
function projectSources(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const workspace of Object.keys(WORKSPACES).filter((name) => existsSync(join(ROOT, name)))) {
    for (const path of readdirSync(join(ROOT, workspace), { recursive: true, encoding: 'utf8' })) {
      const file = join(workspace, path).replaceAll('\\', '/');
      if (/(^|\/)(node_modules|dist)\//.test(file) || !/\.(ts|tsx|mts|mjs|js)$/.test(file)) continue;
      sources.set(file, readFileSync(join(ROOT, file), 'utf8'));
    }
  }
  return sources;
}

const violations = (...sources: [path: string, text: string][]) => findViolations(new Map(sources));

test('every import of the project goes down', () => {
  expect(findViolations(projectSources())).toEqual([]);
});

test('every workspace of package.json and every module of the server has its place', () => {
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { workspaces: string[] };
  expect(Object.keys(WORKSPACES)).toEqual(expect.arrayContaining(workspaces));
  const modules = readdirSync(join(ROOT, 'server/src')).filter((name) => !name.endsWith('.test.ts'));
  expect(SERVER_ORDER.flat()).toEqual(expect.arrayContaining(modules));
});

describe('between workspaces', () => {
  test('the simulator must not know channels', () => {
    expect(violations(['simulator/src/vk/vk.ts', "import type { Channel } from '@soroka/channels';"])).toEqual([
      "simulator/src/vk/vk.ts imports '@soroka/channels': simulator/ may import only fixtures",
    ]);
  });

  test('e2e knows the server as a process only', () => {
    expect(violations(['e2e/circle.test.ts', "import { start } from '@soroka/server';"])).toEqual([
      "e2e/circle.test.ts imports '@soroka/server': tests of e2e/ may import only api, client, simulator, fixtures",
    ]);
  });

  test('a test may use fixtures where the code beside it may not', () => {
    const text = "import { seed } from '@soroka/fixtures';";
    expect(violations(['server/src/intake/intake.test.ts', text])).toEqual([]);
    expect(violations(['server/src/intake/intake.ts', text])).toHaveLength(1);
  });

  test('a path that leads into another workspace is refused, whatever it leads to', () => {
    expect(violations(['server/src/start.ts', "import { x } from '../../api/src/api.ts';"])).toEqual([
      "server/src/start.ts imports '../../api/src/api.ts': a path leads out of server/; other workspaces are imported by name, @soroka/api",
    ]);
  });

  test('only a command-line entry may import the switch of Node versions', () => {
    const text = "import { ensureNode24 } from '../../scripts/node24.mjs';";
    expect(violations(['server/bin/soroka.mjs', text])).toEqual([]);
    expect(violations(['server/src/start.ts', text])).toHaveLength(1);
  });

  test('the inside of a workspace is not for others', () => {
    expect(violations(['server/src/start.ts', "import { x } from '@soroka/api/src/errors.ts';"])).toEqual([
      "server/src/start.ts imports '@soroka/api/src/errors.ts': only the door of a workspace is imported: '@soroka/api'",
    ]);
  });
});

describe('inside the server', () => {
  test('an import that goes up is found', () => {
    expect(violations(['server/src/templates/templates.ts', "import type { Accept } from '../dispatch/dispatch.ts';"])).toEqual([
      "server/src/templates/templates.ts imports '../dispatch/dispatch.ts': templates stands below dispatch and may not know it",
    ]);
  });

  test('an import past the door is found', () => {
    expect(violations(['server/src/http/http.ts', "import { claim } from '../dispatch/claim.ts';"])).toEqual([
      "server/src/http/http.ts imports '../dispatch/claim.ts': others import only the module's door, server/src/dispatch/dispatch.ts",
    ]);
    expect(violations(['server/src/start.ts', "import { stop } from './platform/postgres/daemon.ts';"])).toEqual([
      "server/src/start.ts imports './platform/postgres/daemon.ts': others import only the module's door, server/src/platform/postgres/postgres.ts",
    ]);
  });

  test("every file of platform is a door, and a module's own files are free to it", () => {
    expect(violations(['server/src/dispatch/claim.ts', "import type { Clock } from '../platform/clock.ts';"])).toEqual([]);
    expect(violations(['server/src/dispatch/claim.ts', "import { LANES } from './lanes.ts';"])).toEqual([]);
  });

  test('bots and broadcasts never know each other', () => {
    expect(violations(['server/src/bots/bots.ts', "import { plan } from '../broadcasts/broadcasts.ts';"])).toEqual([
      "server/src/bots/bots.ts imports '../broadcasts/broadcasts.ts': bots, broadcasts, crm, analytics never know each other",
    ]);
  });

  test('two modules of one line may not import each other in a circle', () => {
    expect(
      violations(
        ['server/src/limits/limits.ts', "import type { A } from '../accounts/accounts.ts';"],
        ['server/src/accounts/keys.ts', "import type { B } from '../limits/limits.ts';"],
      ),
    ).toEqual(['server/src: the modules limits -> accounts -> limits import each other in a circle']);
  });

  test('a module without a place in the order is found', () => {
    expect(violations(['server/src/misc/misc.ts', "import { A } from '../limits/limits.ts';"])).toEqual([
      "server/src/misc/misc.ts imports '../limits/limits.ts': misc has no place in SERVER_ORDER (scripts/layers.ts)",
    ]);
  });

  test('a test may build what it needs, through doors', () => {
    expect(violations(['server/src/limits/limits.test.ts', "import { createHttp } from '../http/http.ts';"])).toEqual([]);
    expect(violations(['server/test/town.ts', "import { claim } from '../src/dispatch/claim.ts';"])).toHaveLength(1);
  });
});

describe('imports are recognised', () => {
  const from = 'server/src/templates/templates.ts';
  test.each([
    ['over several lines', "import {\n  accept,\n  type Accepted,\n} from '../dispatch/dispatch.ts';"],
    ['for their effect', "import '../dispatch/dispatch.ts';"],
    ['passed on', "export { accept } from '../dispatch/dispatch.ts';"],
    ['at run time', "const { accept } = await import('../dispatch/dispatch.ts');"],
    ['as a type', "type Accept = typeof import('../dispatch/dispatch.ts');"],
  ])('%s', (_, text) => {
    expect(violations([from, text])).toHaveLength(1);
  });

  test('but not in comments and texts', () => {
    const text = "// import('../dispatch/dispatch.ts')\nconst shown = \"import x from '../dispatch/dispatch.ts'\";\n";
    expect(violations([from, text])).toEqual([]);
  });
});
