import { join, relative } from 'node:path';
import ts from 'typescript';

export interface CompileOptions {
  /** A `tsconfig.json`. Paths in results are relative to its folder. */
  readonly project: string;
  /** Replaces the files the project names. */
  readonly files?: readonly string[];
  readonly options?: ts.CompilerOptions;
}

/** What the compiler says of a project, as `file:line message`. */
export function compile({ project, files, options }: CompileOptions): string[] {
  const folder = join(project, '..');
  const { config, error } = ts.readConfigFile(project, ts.sys.readFile);
  if (error) return [render(error, folder)];
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, folder, options);
  const program = ts.createProgram([...(files ?? parsed.fileNames)], parsed.options);
  return [...parsed.errors, ...ts.getPreEmitDiagnostics(program)].map((diagnostic) =>
    render(diagnostic, folder),
  );
}

function render(diagnostic: ts.Diagnostic, folder: string): string {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  if (!diagnostic.file || diagnostic.start === undefined) return message;
  const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  return `${relative(folder, diagnostic.file.fileName)}:${line + 1} ${message}`;
}

/** `file:line` of each line of a fixture that says it is wrong. */
export const markedWrong = (name: string, text: string): string[] =>
  text.split('\n').flatMap((line, index) => (line.endsWith('// wrong') ? [`${name}:${index + 1}`] : []));

/** `file:line` of each line the compiler refuses, once. */
export const refusedLines = (diagnostics: readonly string[]): string[] => [
  ...new Set(diagnostics.map((diagnostic) => diagnostic.split(' ')[0] ?? diagnostic)),
];
