import { crc32, deflateRawSync } from 'node:zlib';

/** Fields of one header, where it is to say something else than the truth. */
interface HeaderOverrides {
  name?: string | Buffer;
  flags?: number;
  method?: number;
  crc32?: number;
  compressedSize?: number;
  size?: number;
  extra?: Buffer;
  signature?: number;
}

/** One entry, honest unless told otherwise. */
export interface ZipEntrySpec extends HeaderOverrides {
  name: string | Buffer;
  content?: string | Buffer;
  /** The bytes that stand for the content in the zip. Default: the content, deflated unless `method` is 0. */
  data?: Buffer;
  /** Upper 16 bits of the external attributes, e.g. `0o120777` for a symbolic link. */
  mode?: number;
  /** Lower 16 bits of the external attributes. */
  dosAttributes?: number;
  /** Which system the directory claims the attributes to be of. Default 3, Unix. */
  madeBy?: number;
  disk?: number;
  /** Where the directory says the local header stands. Default: where it stands. */
  offset?: number;
  /** What the local header says differently from the directory. */
  local?: HeaderOverrides;
  /** Sizes and checksum behind the data instead of before it. */
  descriptor?: 'signed' | 'bare' | Buffer;
  /** Written behind the entry. */
  gap?: Buffer;
  /** Leaves the local header and the data out: the directory alone names the entry. */
  directoryOnly?: boolean;
}

export interface ZipOverrides {
  prefix?: Buffer;
  suffix?: Buffer;
  comment?: Buffer;
  commentLength?: number;
  /** Written between the entries and the directory. */
  beforeDirectory?: Buffer;
  /** Written between the directory and the end record. */
  afterDirectory?: Buffer;
  count?: number;
  countOnDisk?: number;
  disk?: number;
  directoryDisk?: number;
  directorySize?: number;
  directoryOffset?: number;
}

const toBuffer = (value: string | Buffer): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);

/** Builds a zip byte by byte, with any field as it should not be. Offsets count from behind the prefix. */
export function buildZip(specs: readonly ZipEntrySpec[], overrides: ZipOverrides = {}): Buffer {
  const locals: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const spec of specs) {
    const truth = headerOf(spec);
    records.push(directoryRecord({ ...truth, ...spec, name: truth.name }, spec.offset ?? offset, spec));
    if (spec.directoryOnly) continue;
    const local = Buffer.concat([
      localHeader({ ...truth, ...(spec.descriptor ? STREAMED_SIZES : {}), ...definedOf(spec.local) }),
      truth.data,
      descriptorOf(spec, truth),
      spec.gap ?? Buffer.alloc(0),
    ]);
    locals.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat([...locals, overrides.beforeDirectory ?? Buffer.alloc(0)]);
  const directory = Buffer.concat(records);
  return Buffer.concat([
    overrides.prefix ?? Buffer.alloc(0),
    entries,
    directory,
    overrides.afterDirectory ?? Buffer.alloc(0),
    endRecord(specs.length, directory.length, entries.length, overrides),
    overrides.suffix ?? Buffer.alloc(0),
  ]);
}

/** An extra field. */
export function extraField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

const STREAMED_SIZES = { crc32: 0, compressedSize: 0, size: 0 };

type Header = Required<Omit<HeaderOverrides, 'signature' | 'name'>> & {
  name: Buffer;
  data: Buffer;
  signature?: number;
};

function headerOf(spec: ZipEntrySpec): Header {
  const content = toBuffer(spec.content ?? '');
  const method = spec.method ?? (content.length === 0 ? 0 : 8);
  const data = spec.data ?? (method === 8 ? deflateRawSync(content) : content);
  return {
    name: toBuffer(spec.name),
    flags: spec.flags ?? (spec.descriptor ? 0x0808 : 0x0800),
    method,
    crc32: spec.crc32 ?? crc32(content),
    compressedSize: spec.compressedSize ?? data.length,
    size: spec.size ?? content.length,
    extra: spec.extra ?? Buffer.alloc(0),
    data,
  };
}

function definedOf(local: HeaderOverrides = {}): Partial<Header> {
  const { name, ...rest } = local;
  return name === undefined ? rest : { ...rest, name: toBuffer(name) };
}

/** From the flags to the length of the extra fields: the part both headers share. */
function sharedFields({ name, flags, method, crc32: crc, compressedSize, size, extra }: Header): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(flags, 0);
  fields.writeUInt16LE(method, 2);
  fields.writeUInt32LE(0x00210000, 4);
  fields.writeUInt32LE(crc, 8);
  fields.writeUInt32LE(compressedSize, 12);
  fields.writeUInt32LE(size, 16);
  fields.writeUInt16LE(name.length, 20);
  fields.writeUInt16LE(extra.length, 22);
  return fields;
}

function localHeader(header: Header): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32LE(header.signature ?? 0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  return Buffer.concat([head, sharedFields(header), header.name, header.extra]);
}

function directoryRecord(header: Header, offset: number, spec: ZipEntrySpec): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(header.signature ?? 0x02014b50, 0);
  head.writeUInt16LE(((spec.madeBy ?? 3) << 8) | 20, 4);
  head.writeUInt16LE(20, 6);
  const tail = Buffer.alloc(14);
  tail.writeUInt16LE(spec.disk ?? 0, 2);
  tail.writeUInt16LE(spec.dosAttributes ?? 0, 6);
  tail.writeUInt16LE(spec.mode ?? 0, 8);
  tail.writeUInt32LE(offset, 10);
  return Buffer.concat([head, sharedFields(header), tail, header.name, header.extra]);
}

function descriptorOf({ descriptor }: ZipEntrySpec, truth: Header): Buffer {
  if (!descriptor) return Buffer.alloc(0);
  if (Buffer.isBuffer(descriptor)) return descriptor;
  const fields = Buffer.alloc(16);
  fields.writeUInt32LE(0x08074b50, 0);
  fields.writeUInt32LE(truth.crc32, 4);
  fields.writeUInt32LE(truth.compressedSize, 8);
  fields.writeUInt32LE(truth.size, 12);
  return descriptor === 'signed' ? fields : fields.subarray(4);
}

function endRecord(count: number, size: number, offset: number, overrides: ZipOverrides): Buffer {
  const comment = overrides.comment ?? Buffer.alloc(0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(overrides.disk ?? 0, 4);
  end.writeUInt16LE(overrides.directoryDisk ?? 0, 6);
  end.writeUInt16LE(overrides.countOnDisk ?? overrides.count ?? count, 8);
  end.writeUInt16LE(overrides.count ?? count, 10);
  end.writeUInt32LE(overrides.directorySize ?? size, 12);
  end.writeUInt32LE(overrides.directoryOffset ?? offset, 16);
  end.writeUInt16LE(overrides.commentLength ?? comment.length, 20);
  return Buffer.concat([end, comment]);
}
