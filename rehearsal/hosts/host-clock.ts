import { writeFileSync } from 'node:fs';
import * as path from 'node:path';

/** Sets the clock by which the scripts of a host go that this sets up. */
export function setHostClock(folder: string, now: number): void {
  writeFileSync(path.join(folder, 'clock'), String(Math.floor(now / 1000)));
}

/** The beginning of a bash script whose `date` goes by that clock, in whatever script it starts. */
export function byHostClock(folder: string): string[] {
  return [
    '#!/bin/bash',
    `date() { case " $* " in *' -d '*) command date "$@" ;; *) command date -d "@$(<'${folder}/clock')" "$@" ;; esac; }`,
    'export -f date',
  ];
}
