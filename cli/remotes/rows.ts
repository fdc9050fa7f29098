import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse as parseCsv } from 'csv-parse';
import * as v from 'valibot';
import { remoteName, shortName } from '../../lambda/records/names';
import { MOST_HOSTS, remoteSchema } from '../../lambda/records/remote';
import { profileName } from '../../lambda/records/sync-run';
import { CommandError } from '../exit-code';

const yesOrNo = v.pipe(
  v.string(),
  v.regex(/^(yes|no|true|false|1|0|)$/i, 'must be yes or no'),
  v.transform((text) => /^(yes|true|1)$/i.test(text)),
);

const empty = (text: string) => (text.trim() === '' ? undefined : text.trim());

const hostsOfText = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s;]+/).filter(Boolean)),
  remoteSchema.entries.hosts,
);

/** A row of CSV; its columns are named in the first line. */
const csvRow = v.object({
  group: shortName,
  remote: remoteName,
  hosts: hostsOfText,
  profile: v.optional(v.pipe(v.string(), v.transform(empty), v.optional(profileName))),
  paused: v.optional(yesOrNo),
});

/** A line of JSON. */
const jsonRow = v.strictObject({
  group: shortName,
  remote: remoteName,
  hosts: remoteSchema.entries.hosts,
  profile: v.optional(profileName),
  paused: v.optional(v.boolean()),
});

/** A remote as a file wants it registered. */
export interface WantedRemote {
  readonly group: string;
  readonly remote: string;
  readonly hosts: string[];
  readonly profile?: string;
  readonly paused?: boolean;
}

export type Row =
  | { readonly kind: 'remote'; readonly line: number; readonly wanted: WantedRemote }
  | { readonly kind: 'bad'; readonly line: number; readonly problem: string };

const COLUMNS = ['group', 'remote', 'hosts', 'profile', 'paused'];

/** Reads a file row by row: JSON lines if its name says so or its first character is `{`, else CSV. */
export async function* readRows(file: string): AsyncGenerator<Row> {
  if (!existsSync(file)) throw new CommandError(`There is no file ${file}`);
  yield* unique(/\.(jsonl|ndjson)$/i.test(file) ? readJsonLines(file) : readCsv(file));
}

/** The second row of a remote would undo the first. */
async function* unique(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  const seen = new Map<string, number>();
  for await (const row of rows) {
    if (row.kind === 'bad') {
      yield row;
      continue;
    }
    const name = `${row.wanted.group}/${row.wanted.remote}`;
    const before = seen.get(name);
    if (before === undefined) seen.set(name, row.line);
    yield before === undefined
      ? row
      : { kind: 'bad', line: row.line, problem: `${name} stands in line ${before} already` };
  }
}

async function* readJsonLines(file: string): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(file, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (text.trim() === '') continue;
    yield judge(v.safeParse(v.pipe(v.string(), v.parseJson(undefined, 'is not JSON'), jsonRow), text), line);
  }
}

async function* readCsv(file: string): AsyncGenerator<Row> {
  const parser = createReadStream(file).pipe(
    parseCsv({
      bom: true,
      trim: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      columns: (heads: string[]) => {
        const names = heads.map((head) => head.toLowerCase());
        const missing = ['group', 'remote', 'hosts'].filter((name) => !names.includes(name));
        const unknown = names.filter((name) => !COLUMNS.includes(name));
        if (missing.length > 0 || unknown.length > 0) {
          throw new CommandError(
            `${file}: the first line names the columns ${COLUMNS.join(', ')}; ${[
              ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
              ...(unknown.length > 0 ? [`unknown: ${unknown.join(', ')}`] : []),
            ].join('; ')}`,
          );
        }
        return names;
      },
    }),
  );
  try {
    for await (const { record, info } of parser) yield judge(v.safeParse(csvRow, record), info.lines);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} is not CSV: ${error instanceof Error ? error.message : error}`);
  }
}

function judge(
  result: v.SafeParseResult<typeof csvRow> | v.SafeParseResult<v.GenericSchema<unknown, WantedRemote>>,
  line: number,
): Row {
  if (result.success) return { kind: 'remote', line, wanted: result.output };
  const problem = result.issues
    .map(
      (issue) =>
        `${v.getDotPath(issue) ?? 'the line'} ${issue.message.startsWith('Invalid') ? wordsOf(issue) : issue.message}`,
    )
    .join('; ');
  return { kind: 'bad', line, problem };
}

function wordsOf({ expected, received }: { expected: string | null; received: string }): string {
  return received === 'undefined' ? 'is missing' : `must be ${expected ?? `at most ${MOST_HOSTS}`}`;
}
