import { EXIT } from '../exit-code';
import { examine } from '../findings';
import { look } from '../look';
import type { System } from '../system';
import type { Terminal } from '../terminal';

/** Why is nothing synchronizing? */
export async function doctor(system: System, terminal: Terminal, staleHours: number | undefined): Promise<number> {
  const sight = await look(system, staleHours, (count) => terminal.progress(`${count} remotes read`));
  const checks = examine(sight);
  const findings = checks.flatMap((it) => it.findings);
  if (terminal.isJson) {
    terminal.print(
      JSON.stringify({ at: new Date(sight.now).toISOString(), findings, checked: checks.map(({ name }) => name) }),
    );
  } else {
    for (const { name, well, findings: found } of checks) {
      if (found.length === 0) terminal.print(`ok    ${name}: ${well}`);
      for (const { finding, fix } of found) {
        terminal.print(`FOUND ${name}: ${finding}`);
        terminal.print(`      fix: ${fix}`);
      }
    }
    terminal.print(
      findings.length === 0 ? 'Nothing found.' : `${findings.length} found; the first is the likeliest cause.`,
    );
  }
  return findings.length === 0 ? EXIT.well : EXIT.finding;
}
