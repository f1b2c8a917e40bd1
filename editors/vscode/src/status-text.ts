// What the status bar says. Pure, so that every state can be tested without an editor.

/** The server's states, and those in which there is no server to tell one. */
export type State =
  | 'starting'
  | 'downloading'
  | 'loading'
  | 'ready'
  | 'busy'
  | 'paused'
  | 'error'
  | 'stopped'
  | 'installing'
  | 'notInstalled';

/** The notification `qwenLsp/status`; what an older server does not say is empty. */
export interface Status {
  state: State;
  message: string;
  model: string;
  backend: string;
  /** The server that gets the code; empty where the model runs on this machine. */
  endpoint?: string;
  speed: string;
}

/** The language of the active editor, where the server reads it. */
export interface ActiveLanguage {
  name: string;
  enabled: boolean;
}

export interface Shown {
  /** One line: `Qwen LSP: ready`. */
  title: string;
  text: string;
  tooltip: string;
  label: string;
  warns: boolean;
}

const ICONS: Record<State, string> = {
  starting: 'loading~spin',
  downloading: 'cloud-download',
  loading: 'loading~spin',
  ready: 'sparkle',
  busy: 'loading~spin',
  paused: 'debug-pause',
  error: 'warning',
  stopped: 'warning',
  installing: 'loading~spin',
  notInstalled: 'circle-slash',
};

const WORDS: Record<State, string> = {
  starting: 'starting',
  downloading: 'downloading a model',
  loading: 'loading the model',
  ready: 'ready',
  busy: 'working',
  paused: 'paused',
  error: 'needs attention',
  stopped: 'stopped',
  installing: 'installing',
  notInstalled: 'not installed',
};

export function noStatus(state: State, message = ''): Status {
  return { state, message, model: '', backend: '', speed: '' };
}

/** Return what the item shows. The tooltip is Markdown, the label is for screen readers. */
export function statusText(status: Status, language?: ActiveLanguage): Shown {
  const off = language !== undefined && !language.enabled && isAtRest(status.state);
  const icon = off ? 'circle-slash' : ICONS[status.state];
  const words = off ? `off for ${language.name}` : WORDS[status.state];
  const title = `Qwen LSP: ${words}`;
  return {
    title,
    text: `$(${icon}) ${shortText(status, off ? words : '')}`,
    tooltip: tooltip(status, title),
    label: [title, status.model, status.endpoint && `code goes to ${status.endpoint}`, status.speed, status.message].filter(Boolean).join(', '),
    warns: status.state === 'error' || status.state === 'stopped',
  };
}

function isAtRest(state: State): boolean {
  return state === 'ready' || state === 'busy';
}

/** The name of a model without what its file's name says of the format, or `Qwen` before one is known. */
export function shortName(model: string): string {
  const name = model.replace(/^.*[\\/]/, '').replace(/\.gguf$/i, '');
  return name.replace(/[-.]q\d[\w.]*$/i, '') || 'Qwen';
}

function shortText(status: Status, off: string): string {
  switch (status.state) {
    case 'downloading':
    case 'loading': {
      const percentage = /\d+\s?%/.exec(status.message)?.[0];
      const name = shortName(status.model);
      return percentage === undefined ? name : `${name} ${percentage}`;
    }
    case 'error':
    case 'stopped':
    case 'installing':
    case 'notInstalled':
    case 'paused':
      return `Qwen ${WORDS[status.state]}`;
    default: {
      // Of "24 tok/s · 310 ms" there is room for the first; the tooltip has both.
      const speed = status.speed.split('·')[0]?.trim();
      return [shortName(status.model), off || speed].filter(Boolean).join(' · ');
    }
  }
}

function tooltip(status: Status, title: string): string {
  const model = [status.model, status.backend].filter(Boolean).join(', ');
  const lines = [
    `**${title}**`,
    status.message,
    model && `Model: ${model}`,
    status.endpoint && `Code goes to: ${status.endpoint}`,
    status.speed && `Speed: ${status.speed}`,
  ];
  return [...lines.filter(Boolean), 'Click for the menu.'].join('\n\n');
}
