declare module "wasi:cli/exit@0.2.10" {
  export function exit(status: { tag: "ok" } | { tag: "err" }): never;
}
