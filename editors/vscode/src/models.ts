// Choosing a model, among those of the catalogue and with a look at what is on this machine.

import * as vscode from 'vscode';
import { configuration } from './configuration';
import { tell } from './messages';
import { run } from './program';
import type { Server } from './server';

interface Model {
  id: string;
  title: string;
  size_bytes: number;
  size_is_approximate: boolean;
  licence: string;
  downloaded: boolean;
}

interface Choice extends vscode.QuickPickItem {
  id: string;
}

export async function selectModel(server: Server): Promise<void> {
  const { program } = server;
  if (program === undefined) {
    return;
  }
  const current = configuration().get('model', 'auto');
  const chosen = await vscode.window.showQuickPick(choices(program, current), {
    title: 'Qwen LSP: the model to use',
    placeHolder: 'A model that is not on this machine is downloaded, after a question.',
    matchOnDescription: true,
  });
  if (chosen === undefined) {
    return;
  }
  if (chosen.id === current) {
    // The setting says so already, and yet the user asks: the server may have been told to use
    // another, or a download may have been declined before.
    await server.execute('qwenLsp.selectModel', [chosen.id]);
  } else {
    await configuration().update('model', chosen.id, vscode.ConfigurationTarget.Global);
  }
}

async function choices(program: string, current: string): Promise<Choice[]> {
  const automatic: Choice = { id: 'auto', label: 'Automatic', detail: 'The best one for the memory of this machine' };
  const found = [automatic, ...(await catalogue(program)).map(choice)];
  if (!found.some(({ id }) => id === current)) {
    found.push({ id: current, label: current, detail: 'From your settings' });
  }
  return found.map((one) => (one.id === current ? { ...one, label: `$(check) ${one.label}` } : one));
}

async function catalogue(program: string): Promise<Model[]> {
  try {
    const { stdout } = await run(program, ['models', 'list', '--json']);
    return (JSON.parse(stdout) as { models: Model[] }).models;
  } catch {
    tell('the list of models cannot be had; the doctor may say why.');
    return [];
  }
}

function choice(model: Model): Choice {
  const size = `${model.size_is_approximate ? 'about ' : ''}${(model.size_bytes / 1e9).toFixed(1)} GB`;
  return {
    id: model.id,
    label: model.id,
    description: `${size} · ${model.downloaded ? 'on this machine' : 'to download'}`,
    detail: `${model.title} · ${model.licence}`,
  };
}
