/** Where the command writes; JSON for programs goes the same way, progress does not. */
export interface Terminal {
  /** A line of the answer, to stdout. */
  print(line: string): void;
  /** What goes on meanwhile, to stderr. */
  progress(line: string): void;
  readonly isJson: boolean;
}

/** Columns as wide as their widest cell; the last one is not filled up. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A stretch of time as people say it: two units at most. */
export function lasting(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return '0 s';
  let rest = seconds;
  const words = units.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? `${count} ${name}` : '';
  });
  return words.filter(Boolean).join(' ');
}

/** How long ago a moment of a record was. */
export function ago(moment: string | undefined, now: number): string {
  return moment === undefined ? 'never' : `${lasting(now - Date.parse(moment))} ago`;
}
