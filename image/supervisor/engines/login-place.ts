import type { LoginPlace } from './engine';

/** Most drivers read the login from the data source. */
export const IN_DATA_SOURCE: LoginPlace = {
  keys: ({ username, password }) => ({ UID: username, PWD: password }),
};
