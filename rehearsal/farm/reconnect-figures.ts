import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as v from 'valibot';

/** What `npm run drill -- --json FILE` has measured, as it stands beside this file. */
const schema = v.object({
  measuredAt: v.string(),
  figures: v.pipe(
    v.array(
      v.object({ variant: v.string(), title: v.string(), reconnects: v.pipe(v.array(v.number()), v.minLength(1)) }),
    ),
    v.minLength(1),
  ),
});

export type ReconnectFigures = v.InferOutput<typeof schema>;

/** Seconds from the database that accepts logins to the server that serves, of the supervisor's real bundle, by the way in which a server behaves. */
export function reconnectFigures(): ReconnectFigures {
  const text = readFileSync(path.join(__dirname, 'reconnect-figures.json'), 'utf8');
  return v.parse(v.pipe(v.string(), v.parseJson(), schema), text);
}
