import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** A piece of TypeScript in a document. */
export interface Snippet {
  /** Relative to the repository. */
  readonly file: string;
  /** Where it begins. */
  readonly line: number;
  readonly text: string;
}

/** What `./manifest.json` and `../manifest.json` are in a snippet: they are imported from the plugin's own folder. */
const MANIFEST = join(root, 'examples/plugins/activity-feed/manifest.json');

/**
 * What the compiler says of each snippet, as `file:line message`, as a module of its own.
 *
 * A snippet may import whatever a package of this workspace may. Packages are read from their sources, so nothing
 * needs to be built.
 */
export function typeCheck(snippets: readonly Snippet[]): string[] {
  const options = readOptions();
  const texts = new Map(
    snippets.map((snippet) => [
      join(root, `${snippet.file}.${snippet.line}.ts`),
      // Empty lines in front: what the compiler says then names the document's own lines.
      { snippet, text: '\n'.repeat(snippet.line - 1) + snippet.text },
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path)?.text ?? readFile(path);
  host.resolveModuleNameLiterals = (literals, containing) =>
    literals.map(({ text }) => resolveImport(text, containing, texts.has(containing), { options, host }));
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts].flatMap(([path, { snippet }]) => {
    const source = program.getSourceFile(path);
    if (!source) throw new Error(`${path} is not part of the program`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (diagnostic) => {
        const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
        return `${snippet.file}:${line + 1} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
      },
    );
  });
}

function readOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return { ...options, moduleDetection: ts.ModuleDetectionKind.Force };
}

function resolveImport(
  name: string,
  containing: string,
  isSnippet: boolean,
  { options, host }: { options: ts.CompilerOptions; host: ts.CompilerHost },
): ts.ResolvedModuleWithFailedLookupLocations {
  if (isSnippet && /^\.\.?\/manifest\.json$/.test(name)) {
    return { resolvedModule: { resolvedFileName: MANIFEST, extension: ts.Extension.Json } };
  }
  const importers = isSnippet && !name.startsWith('.') ? WORKSPACE : [containing];
  const resolutions = importers.map((importer) => () => ts.resolveModuleName(name, importer, options, host));
  for (const resolution of resolutions) {
    const found = resolution();
    if (found.resolvedModule) return found;
  }
  return { resolvedModule: undefined };
}

/** A file in each package of the workspace, as whose import one of a snippet may be resolved. */
const WORKSPACE: readonly string[] = [
  root,
  ...['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
  ),
].map((folder) => join(folder, 'snippet.ts'));
