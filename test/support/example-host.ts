import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export type Framework = 'express' | 'fastify';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the host answered.
  readonly body: any;
}

/** An example host in a process of its own, as anyone would start it. */
export class ExampleHost {
  readonly url: string;
  /** Everything it has printed, both streams, in order of arrival. */
  readonly output: string[];
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  private constructor(child: ChildProcess, url: string, output: string[], exit: Promise<number | null>) {
    this.#child = child;
    this.url = url;
    this.output = output;
    this.#exit = exit;
  }

  static async start(framework: Framework, env: Record<string, string>): Promise<ExampleHost> {
    const child = spawn(process.execPath, [resolve(root, 'examples', `${framework}-host`, 'dist/main.js')], {
      env: { ...process.env, NODE_ENV: 'production', PORT: '0', DATABASE_URL: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const exit = once(child, 'exit').then(([code]) => code as number | null);
    const url = await new Promise<string>((found, failed) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output.push(line);
          const match = /^listening on (http:\S+)$/.exec(line);
          if (match?.[1]) found(match[1]);
        });
      }
      void exit.then((code) => failed(new Error(`the host ended with ${code}:\n${output.join('\n')}`)));
    });
    return new ExampleHost(child, url, output, exit);
  }

  async request(token: string | undefined, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  /** Asks it to end, and answers its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#exit;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
