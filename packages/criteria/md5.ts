// MD5 (RFC 1321) in plain arithmetic, for what runs in a browser too: PostgreSQL's md5() places people in samples, and
// this has to place them alike. It protects nothing.

const BLOCK_BYTES = 64;

/** How far each step rotates, four a round. */
const TURNS: readonly (readonly number[])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const SHIFTS = Uint8Array.from({ length: 64 }, (_none, step) => TURNS[step >> 4]?.[step & 3] ?? 0);
/** Which word of the block each step takes. */
const WORDS = Uint8Array.from(
  { length: 64 },
  (_none, step) => [step, 5 * step + 1, 3 * step + 5, 7 * step][step >> 4] ?? 0,
).map((word) => word & 15);
const CONSTANTS = Int32Array.from(
  { length: 64 },
  (_none, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0,
);

const encoder = new TextEncoder();

/** The state that the digest is read from: four words, each the lowest byte first. */
type State = Uint32Array;

/** The MD5 of a text's UTF-8 bytes: 16 bytes. */
export function md5(text: string): Uint8Array {
  const blocks = padded(encoder.encode(text));
  const state: State = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let start = 0; start < blocks.byteLength; start += BLOCK_BYTES) mix(state, blocks, start);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setUint32(index * 4, word, true));
  return new Uint8Array(digest.buffer);
}

/** Whole blocks: the bytes, a one bit, zeros, and how many bits there were. */
function padded(bytes: Uint8Array): DataView {
  const length = Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  const all = new Uint8Array(length);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(length - 8, (bytes.length << 3) >>> 0, true);
  view.setUint32(length - 4, Math.floor(bytes.length / 2 ** 29), true);
  return view;
}

function mix(state: State, blocks: DataView, start: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let step = 0; step < 64; step += 1) {
    const word = blocks.getUint32(start + (WORDS[step] ?? 0) * 4, true);
    const sum = (a + choice(step >> 4, b, c, d) + (CONSTANTS[step] ?? 0) + word) | 0;
    const shift = SHIFTS[step] ?? 0;
    // One by one: a swap by a list makes a list at each of the 64 steps.
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state.set([(state[0] ?? 0) + a, (state[1] ?? 0) + b, (state[2] ?? 0) + c, (state[3] ?? 0) + d]);
}

function choice(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}
