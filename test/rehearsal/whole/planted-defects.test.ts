import { describe, expect, it } from 'vitest';
import { EDITED_ASSEMBLIES, rehearseEdited, withStages } from './edited-assemblies';

describe('an edited assembly', () => {
  it('fails, whatever the defect is', async () => {
    await withStages(async (assemblyOf) => {
      const left = [...EDITED_ASSEMBLIES];
      // Two at a time, one a core.
      const work = async () => {
        for (let edited = left.shift(); edited; edited = left.shift()) {
          const { code, output } = await rehearseEdited(assemblyOf(edited), edited);
          expect(output, edited.defect).toMatch(edited.says);
          expect(code, edited.defect).toBe(edited.code ?? 1);
        }
      };
      await Promise.all([work(), work()]);
    });
  }, 600_000);
});
