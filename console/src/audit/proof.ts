/** Checks an inclusion proof in the browser (RFC 9162 2.1.3.2): the server's word is not enough for that. */
const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

async function hash(...parts: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

interface Proof {
  leaf: string;
  index: number;
  size: number;
  path: readonly string[];
  checkpoint: string;
}

/** Whether the path leads from the leaf to the root that stands in the signed checkpoint (its third line; its second is the size). */
export async function leadsToRoot(proof: Proof): Promise<boolean> {
  const [, size, root] = proof.checkpoint.split("\n");
  if (Number(size) !== proof.size || proof.index >= proof.size || root === undefined) return false;
  let node = await hash(LEAF, new TextEncoder().encode(proof.leaf));
  let at = proof.index;
  let last = proof.size - 1;
  for (const sibling of proof.path.map(bytes)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = await hash(NODE, sibling, node);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else node = await hash(NODE, node, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const wanted = bytes(root);
  return last === 0 && wanted.length === node.length && wanted.every((byte, index) => byte === node[index]);
}
