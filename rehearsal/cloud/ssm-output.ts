import type { ScriptEnd } from './ssm-node';

/**
 * What ListCommandInvocations tells of a script's output. The agent joins both streams and cuts them to 2,500 bytes: the longer
 * one loses, and where both are long each keeps half (amazon-ssm-agent, iohandler.go). So only a standard output of at most half
 * the room is never cut.
 */
const ROOM = 2_500;
const ERROR_TITLE = '\n----------ERROR-------\n';
const OUTPUT_CUT = '\n---Output truncated---';
const ERROR_CUT = '\n---Error truncated----';

/** The agent keeps no more of a stream (the same file). */
const MOST = { stdout: 24_000, stderr: 8_000 };

export function pluginOutput(end: ScriptEnd): string {
  const stdout = Buffer.from(end.stdout).subarray(0, MOST.stdout);
  const stderr = Buffer.from(end.stderr + failure(end)).subarray(0, MOST.stderr);
  const title = stderr.length > 0 ? ERROR_TITLE : '';
  const room = ROOM - title.length;
  const first = (bytes: Buffer, length: number) => bytes.subarray(0, Math.max(0, length)).toString();
  if (stdout.length + stderr.length < room) return `${stdout}${title}${stderr}`;
  if (stdout.length > room / 2 && stderr.length > room / 2) {
    const half = Math.floor((room - OUTPUT_CUT.length - ERROR_CUT.length) / 2);
    return first(stdout, half) + OUTPUT_CUT + title + first(stderr, half) + ERROR_CUT;
  }
  if (stdout.length <= room / 2) {
    return `${stdout}${title}${first(stderr, room - ERROR_CUT.length - stdout.length)}${ERROR_CUT}`;
  }
  return `${first(stdout, room - OUTPUT_CUT.length - stderr.length)}${OUTPUT_CUT}${title}${stderr}`;
}

/** The agent's own line after what the script wrote. */
function failure({ exitCode, stderr }: ScriptEnd): string {
  if (exitCode === 0 || exitCode === STOPPED) return '';
  return `${stderr === '' ? '' : '\n'}failed to run commands: exit status ${exitCode}`;
}

/** The exit code that the agent tells of a script that it has killed (amazon-ssm-agent, constants_unix.go). */
export const STOPPED = 137;
