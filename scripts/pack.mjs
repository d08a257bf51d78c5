// Makes the tarball of a published workspace: `node scripts/pack.mjs simulator [folder]`. Its sources become JavaScript and
// type declarations, because Node strips no types under node_modules; everything else goes along as it is.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');
const IS_SOURCE = /\.ts$/;
const IS_TEST = /(\.test\.ts$|(^|\/)test\/)/;

/**
 * Packs one workspace into `folder` and returns the tarball's path. Throws where a source does not compile.
 *
 * The package's commands run `main()` of `dist/main.js`; `exports` of the workspace, which name sources, name what was made
 * of them.
 */
function pack(workspace, folder) {
  const source = join(ROOT, workspace);
  const staging = mkdtempSync(join(tmpdir(), `soroka-pack-`));
  try {
    const files = globSync('src/**/*', { cwd: source, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(source.length + 1))
      .filter((path) => !IS_TEST.test(path));
    compile(
      source,
      staging,
      files.filter((path) => IS_SOURCE.test(path)),
    );
    for (const path of files.filter((file) => !IS_SOURCE.test(file))) {
      cpSync(join(source, path), join(staging, path.replace(/^src/, 'dist')));
    }
    const templates = join(source, 'templates');
    if (existsSync(templates)) cpSync(templates, join(staging, 'templates'), { recursive: true });
    cpSync(join(source, 'README.md'), join(staging, 'README.md'));
    cpSync(join(ROOT, 'LICENSE'), join(staging, 'LICENSE'));
    writePackageJson(source, staging);
    mkdirSync(folder, { recursive: true });
    const options = { cwd: staging, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
    // A shell, because npm is a script on Windows.
    const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(folder)], {
      ...options,
      shell: process.platform === 'win32',
    });
    return join(resolve(folder), name.trim().split('\n').at(-1) ?? '');
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function compile(source, staging, files) {
  const project = join(staging, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: join(source, 'src'),
    outDir: join(staging, 'dist'),
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions,
    include: [],
    files: files.map((path) => join(source, path)),
  };
  writeFileSync(project, JSON.stringify(config));
  execFileSync(process.execPath, [TYPESCRIPT, '-p', project], { stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(project);
}

function writePackageJson(source, staging) {
  const { private: _, devDependencies: __, ...kept } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const built = (path) => path.replace(/^\.\/src\//, './dist/').replace(IS_SOURCE, '');
  const exported = Object.entries(kept.exports ?? {}).map(([name, path]) => [
    name,
    { types: `${built(path)}.d.ts`, default: `${built(path)}.js` },
  ]);
  const commands = Object.keys(kept.bin ?? {});
  for (const command of commands) {
    const file = join(staging, 'bin', `${command}.mjs`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "#!/usr/bin/env node\nimport { main } from '../dist/main.js';\n\nawait main();\n");
    chmodSync(file, 0o755);
  }
  const packageJson = {
    ...kept,
    exports: Object.fromEntries(exported),
    ...(commands.length > 0 && { bin: Object.fromEntries(commands.map((command) => [command, `bin/${command}.mjs`])) }),
    files: ['bin', 'dist', 'templates'],
    publishConfig: { access: 'public' },
  };
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(packageJson, null, 2)}\n`);
}

const [workspace, folder = '.'] = process.argv.slice(2);
if (workspace === undefined) {
  process.stderr.write('Name the workspace to pack: node scripts/pack.mjs simulator [folder]\n');
  process.exit(1);
}
process.stdout.write(`${pack(workspace, folder)}\n`);
