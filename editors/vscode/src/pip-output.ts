// What pip says, in words for a progress notification and for a failure. Pure.

/** Return what pip is doing by this line, undefined where the line says nothing of that. */
export function pipStep(line: string): string | undefined {
  const [, fetched, size] = /^\s*Downloading (\S+?)(?:-\d\S*)? \(([^)]+)\)/.exec(line) ?? [];
  if (fetched !== undefined) {
    return `Downloading ${fetched.replace(/^.*\//, '')} (${size})`;
  }
  const [, collected] = /^Collecting ([\w.-]+)/.exec(line) ?? [];
  if (collected !== undefined) {
    return `Fetching ${collected}`;
  }
  const [, built] = /^\s*Building wheel for (\S+)/.exec(line) ?? [];
  if (built !== undefined && !/finished/.test(line)) {
    return built.startsWith('llama') ? 'Compiling llama.cpp, which takes 5 to 10 minutes' : `Building ${built}`;
  }
  return /^Installing collected packages/.test(line) ? 'Putting the packages in place' : undefined;
}

/** Return in one sentence why pip has failed, from all that it wrote. */
export function pipFailure(lines: string[]): string {
  const text = lines.join('\n');
  if (/CMAKE_CXX?_COMPILER|nmake|No CMAKE|CMake Error/i.test(text)) {
    return 'llama.cpp could not be compiled: a C and C++ compiler is needed. The log has the details.';
  }
  if (/Failed to establish a new connection|Name or service not known|getaddrinfo|Temporary failure in name resolution|ConnectTimeout/i.test(text)) {
    return 'the package index could not be reached. The log has the details.';
  }
  const error = lines.findLast((line) => /^ERROR: /.test(line));
  return error?.replace(/^ERROR: /, '').trim() ?? 'pip ended without a word; the log has all that it wrote.';
}
