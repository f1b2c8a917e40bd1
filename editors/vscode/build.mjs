// Bundles the extension into dist/extension.js, and with --tests each test into build/test/.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const shared = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  rmSync('build/test', { recursive: true, force: true });
  const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
  // Only the parts that know nothing of VS Code are tested here; the rest is tested in the editor.
  await build({ ...shared, entryPoints: tests.map((name) => `test/${name}`), outdir: 'build/test', sourcemap: 'inline' });
} else {
  const { metafile } = await build({
    ...shared,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
    minify: true,
    metafile: true,
  });
  // VS Code shows only pictures that lie on the web in the page of an extension.
  const page = readFileSync('README.md', 'utf-8').replace(/^!\[.*\n\n/gm, '');
  writeFileSync('dist/README.md', page);
  writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licenses(Object.keys(metafile.inputs)));
}

/** The licence of every package that is in the bundle, in full. */
function licenses(inputs) {
  const folders = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const texts = [...new Set(folders.filter(Boolean))].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf-8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined || !existsSync(`${folder}/${file}`)) {
      throw new Error(`${name} has no licence file`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf-8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
