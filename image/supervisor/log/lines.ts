/** What is longer is cut: log services take no more than 256 KiB, and a line must fit into memory. */
export const LONGEST_LINE = 16_384;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

export interface LineSplitter {
  /** The lines that are complete now. */
  push(chunk: Buffer): string[];
  /** What is left when nothing follows: a last line without its end. */
  end(): string[];
}

/** Takes bytes in pieces of any size and gives lines of UTF-8; never holds more than one line. */
export function lineSplitter(longest: number = LONGEST_LINE): LineSplitter {
  let pieces: Buffer[] = [];
  let length = 0;

  const hold = (piece: Buffer) => {
    // One more than allowed, so that a line that is too long is known to be.
    const room = longest + 1 - length;
    if (room <= 0 || piece.length === 0) return;
    // A copy: a part of a chunk would keep all of it.
    pieces.push(Buffer.from(piece.subarray(0, room)));
    length += Math.min(room, piece.length);
  };
  const release = (): string => {
    const line = lineOf(Buffer.concat(pieces), longest);
    pieces = [];
    length = 0;
    return line;
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        if (length === 0) {
          lines.push(lineOf(chunk.subarray(from, at), longest));
        } else {
          hold(chunk.subarray(from, at));
          lines.push(release());
        }
        from = at + 1;
      }
      hold(chunk.subarray(from));
      return lines;
    },
    end: () => (length === 0 ? [] : [release()]),
  };
}

function lineOf(bytes: Buffer, longest: number): string {
  const text = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
  if (text.length <= longest) return text.toString('utf8');
  return text.subarray(0, wholeCharacters(text, longest)).toString('utf8');
}

/** The greatest length up to the given one that does not cut a character in two. */
function wholeCharacters(bytes: Buffer, longest: number): number {
  let end = longest;
  // Bytes 10xxxxxx continue a character; no character has more than three of them.
  while (end > longest - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return end > longest - 4 ? end : longest;
}
