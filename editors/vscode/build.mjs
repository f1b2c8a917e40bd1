// Bundles the extension into dist/extension.js, and with --tests each test into build/test/.

import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const shared = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  rmSync('build/test', { recursive: true, force: true });
  const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
  // Only the parts that know nothing of VS Code are tested here; the rest is tested in the editor.
  await build({ ...shared, entryPoints: tests.map((name) => `test/${name}`), outdir: 'build/test', sourcemap: 'inline' });
} else {
  await build({
    ...shared,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
    minify: true,
    legalComments: 'linked',
  });
}
