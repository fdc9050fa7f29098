/** The description of the output by which `npx mobilink-ha` finds a system; test/operator compares it with the command's own. */
export const DIRECTORY_OUTPUT = 'mobilink-ha: where the operator finds the parts of this system';
