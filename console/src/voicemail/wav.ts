/** Loudness over time of a G.711 mu-law WAV of ours, for drawing. */

const HEADER = 58;
const RATE = 8000;

/** `count` peaks from 0 to 1, and the seconds of sound. */
export function shape(file: ArrayBuffer, count: number): { peaks: number[]; seconds: number } {
  const size = new DataView(file).getUint32(54, true);
  const sound = new Uint8Array(file, HEADER, Math.min(size, file.byteLength - HEADER));
  const peaks: number[] = [];
  for (let bar = 0; bar < count; bar += 1) {
    let peak = 0;
    const end = Math.floor(((bar + 1) * sound.length) / count);
    for (let at = Math.floor((bar * sound.length) / count); at < end; at += 4) peak = Math.max(peak, magnitude(sound[at] ?? 255));
    peaks.push(Math.sqrt(peak / 32124));
  }
  return { peaks, seconds: sound.length / RATE };
}

/** ITU-T G.711 table 2a: exponent and mantissa of the inverted byte. */
function magnitude(byte: number): number {
  const code = ~byte & 0x7f;
  return (((code & 0x0f) << 3) + 132) * 2 ** (code >> 4) - 132;
}
