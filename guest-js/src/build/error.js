/** An error whose message says everything. */
export class BuildError extends Error {}
