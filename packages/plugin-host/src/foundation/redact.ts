import { toLoggable } from './loggable.js';

/** What stands for a secret wherever one would be shown (§7.3). */
export const MASK = '••••••••';

/** Values shorter than this are not looked for: masking every `1` or `abc` would make logs unreadable. */
export const MIN_SECRET_LENGTH = 4;

/** Shorter pieces of base64 turn up in unrelated text. */
const MIN_BASE64_PIECE = 8;

/** Slots are 20 bits of a hash. */
const MAX_FILTER = 1 << 20;

/**
 * Masks the secrets of this process in text that leaves it: log lines, errors, stacks.
 *
 * A secret is looked for as it is, JSON-escaped, URL-encoded, and in base64, also where it is part of a longer
 * base64 text (as in Basic authentication). The time it takes depends on the text, not on how many secrets
 * are held. Secrets shorter than 4 characters are ignored.
 */
export class SecretRedactor {
  /** form → how many holders it has, grouped by the form's first four characters and its length. */
  readonly #groups = new Map<string, Map<number, Map<string, number>>>();
  /** Counts, by hash, the groups there are. Zero: no form starts with these four characters. */
  #filter = new Uint16Array(1 << 10);
  #size = 0;

  /**
   * Masks `secret` from now until the returned function is called. Several holders of one secret each count.
   * A change of the secret is another call; the old value may be masked as long as it is in use.
   */
  hold(secret: string): () => void {
    if (secret.length < MIN_SECRET_LENGTH) return () => {};
    const forms = secretForms(secret);
    for (const form of forms) this.#add(form);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const form of forms) this.#remove(form);
    };
  }

  /** Whether there is nothing to mask. */
  get empty(): boolean {
    return this.#size === 0;
  }

  /**
   * `text` with every secret in it masked. With `limit`, what becomes of its first `limit` characters: a
   * secret that reaches over the limit is masked, where cutting the text first would let its start through.
   */
  redact(text: string, limit: number = text.length): string {
    if (this.#size === 0 || text.length < MIN_SECRET_LENGTH) return text.slice(0, limit);
    let result = '';
    let copied = 0;
    let maskFrom = -1;
    let maskTo = -1;
    const last = Math.min(limit - 1, text.length - MIN_SECRET_LENGTH);
    const filter = this.#filter;
    let window = hashOf(text);
    for (let i = 0; i <= last; i++) {
      if (i > 0) window = slide(window, text.charCodeAt(i + MIN_SECRET_LENGTH - 1));
      if (filter[slotOf(window, filter)] === 0) continue;
      const length = this.#longestAt(text, i);
      if (length === 0) continue;
      if (i > maskTo) {
        if (maskFrom >= 0) {
          result += text.slice(copied, maskFrom) + MASK;
          copied = maskTo;
        }
        maskFrom = i;
      }
      maskTo = Math.max(maskTo, i + length);
    }
    if (maskFrom < 0) return text.slice(0, limit);
    result += text.slice(copied, maskFrom) + MASK;
    return maskTo < limit ? result + text.slice(maskTo, limit) : result;
  }

  /**
   * A copy of `value` with every secret in it masked: in texts, keys and numbers, in errors, their stacks and
   * causes. The copy is what JSON can write; binary data is not searched but replaced by its size.
   */
  redactValue(value: unknown): unknown {
    return toLoggable(value, { mapText: (text, limit) => this.redact(text, limit) });
  }

  #longestAt(text: string, at: number): number {
    const group = this.#groups.get(text.slice(at, at + MIN_SECRET_LENGTH));
    let longest = 0;
    if (!group) return longest;
    for (const [length, forms] of group) {
      if (length > longest && forms.has(text.slice(at, at + length))) longest = length;
    }
    return longest;
  }

  #add(form: string): void {
    const start = form.slice(0, MIN_SECRET_LENGTH);
    let group = this.#groups.get(start);
    if (!group) {
      group = new Map();
      this.#groups.set(start, group);
      this.#countGroup(start);
    }
    let forms = group.get(form.length);
    if (!forms) {
      forms = new Map();
      group.set(form.length, forms);
    }
    const holders = forms.get(form) ?? 0;
    if (holders === 0) this.#size += 1;
    forms.set(form, holders + 1);
  }

  #remove(form: string): void {
    const start = form.slice(0, MIN_SECRET_LENGTH);
    const group = this.#groups.get(start);
    const forms = group?.get(form.length);
    const holders = forms?.get(form);
    if (!group || !forms || holders === undefined) return;
    if (holders > 1) {
      forms.set(form, holders - 1);
      return;
    }
    this.#size -= 1;
    forms.delete(form);
    if (forms.size === 0) group.delete(form.length);
    if (group.size > 0) return;
    this.#groups.delete(start);
    const slot = slotOf(hashOf(start), this.#filter);
    this.#filter[slot] = (this.#filter[slot] ?? 1) - 1;
  }

  #countGroup(start: string): void {
    // Kept sparse, so that most positions of a text are passed over with one look.
    if (this.#groups.size * 4 > this.#filter.length && this.#filter.length < MAX_FILTER) {
      this.#filter = new Uint16Array(this.#filter.length * 2);
      for (const known of this.#groups.keys()) this.#count(known);
    } else {
      this.#count(start);
    }
  }

  #count(start: string): void {
    const slot = slotOf(hashOf(start), this.#filter);
    this.#filter[slot] = (this.#filter[slot] ?? 0) + 1;
  }
}

/** The last four characters in 32 bits: each step pushes the oldest out. */
const slide = (window: number, code: number): number => ((window << 8) ^ code) | 0;

const hashOf = (text: string): number => {
  let window = 0;
  for (let i = 0; i < MIN_SECRET_LENGTH; i++) window = slide(window, text.charCodeAt(i));
  return window;
};

const slotOf = (window: number, filter: Uint16Array): number =>
  (Math.imul(window, 0x9e3779b1) >>> 12) & (filter.length - 1);

/** The ways a secret is commonly written. */
function secretForms(secret: string): readonly string[] {
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1), ...urlForms(secret)]);
  const bytes = Buffer.from(secret, 'utf8');
  for (const form of [trimPadding(bytes.toString('base64')), ...base64Pieces(bytes)]) {
    forms.add(form);
    forms.add(form.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...forms];
}

function urlForms(secret: string): string[] {
  // encodeURIComponent throws on half a surrogate pair, which no stored secret holds.
  const percent = new URLSearchParams({ s: secret }).toString().slice(2);
  const component = percent.replaceAll('+', '%20').replace(/%(?:21|27|28|29|7E)/g, decodeURIComponent);
  return [percent, component].flatMap((form) => [
    form,
    form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

/** What is left of `bytes` in the base64 of a longer text, whichever of three ways it is aligned there. */
function base64Pieces(bytes: Buffer): string[] {
  return [0, 1, 2]
    .map((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
      // The first and the last character also carry bits of the neighbours.
      return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
    })
    .filter((piece) => piece.length >= MIN_BASE64_PIECE);
}

const trimPadding = (base64: string): string => base64.replace(/=+$/, '');
