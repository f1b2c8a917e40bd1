// The languages that the server reads, by VS Code's ids. A test of the server's holds them equal.

export const LANGUAGE_IDS = [
  'python',
  'javascript',
  'javascriptreact',
  'typescript',
  'typescriptreact',
  'go',
  'rust',
  'java',
  'c',
  'cpp',
  'csharp',
  'ruby',
  'php',
  'shellscript',
  'lua',
] as const;

export function isRead(languageId: string): boolean {
  return (LANGUAGE_IDS as readonly string[]).includes(languageId);
}
